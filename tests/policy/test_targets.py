import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.model.errors import InvalidInput
from corral.policy.targets import Allowed, address_of, allowed_of, host_of, is_blocked

INSIDE = [
    "0.0.0.0", "0.1.2.3", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.255.254",
    "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.170", "192.168.1.1", "198.18.0.1", "203.0.113.9",
    "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "::7f00:1", "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::",
    "2002:808:808::",    "fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "5f00::1", "3fff::1",
]  # fmt: skip
OUTSIDE = ["1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "192.167.0.1", "223.255.255.255", "2606:4700::1111"]


@pytest.mark.parametrize("address", INSIDE)
def test_addresses_inside(address: str) -> None:
    assert is_blocked(ipaddress.ip_address(address))


@pytest.mark.parametrize("address", OUTSIDE)
def test_addresses_outside(address: str) -> None:
    assert not is_blocked(ipaddress.ip_address(address))


@given(st.ip_addresses(v=4))
def test_what_is_not_global_is_never_called(address: ipaddress.IPv4Address) -> None:
    if not address.is_global or address.is_multicast:
        assert is_blocked(address)


@given(st.ip_addresses(v=6))
def test_the_same_of_ipv6(address: ipaddress.IPv6Address) -> None:
    if not address.is_global or address.is_multicast or address.ipv4_mapped or address.sixtofour or address.teredo:
        assert is_blocked(address)


@given(st.ip_addresses(v=4))
def test_every_way_to_carry_an_ipv4_address(address: ipaddress.IPv4Address) -> None:
    for form in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"):
        assert is_blocked(ipaddress.ip_address(form))
    assert is_blocked(ipaddress.IPv6Address((0x2002 << 112) | (int(address) << 80)))


@given(st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_what_is_allowed_is_allowed_in_every_form(address: ipaddress.IPv4Address) -> None:
    allowed = allowed_of(["127.0.0.0/8"])
    assert not is_blocked(address, allowed)
    assert not is_blocked(ipaddress.ip_address(f"::ffff:{address}"), allowed)
    assert is_blocked(ipaddress.ip_address("10.0.0.1"), allowed)


def test_names() -> None:
    allowed = allowed_of(["Hooks.Local", "*.internal", "10.1.0.0/16", "[fd00::]/8".strip("[]").replace("]", "")])
    assert allowed.has_name("hooks.local.")
    assert allowed.has_name("a.b.internal")
    assert not allowed.has_name("internal")
    assert not allowed.has_name("evilhooks.local")
    assert Allowed().has_name("hooks.local") is False


@pytest.mark.parametrize("text", ["10.0.0.0/33", "a b", "-x", "http://a", "*", "a.*.b"])
def test_what_is_neither(text: str) -> None:
    with pytest.raises(ValueError, match="networks such as"):
        allowed_of([text])


@pytest.mark.parametrize(
    "url",
    [
        "", "x", "ftp://h/", "file:///etc/passwd", "http://", "http:///x", "http://h:0/", "http://h:99999/",
        "http://u@h/", "http://u:p@h/", "http://h\\@10.0.0.1/", "http://h\n/", "http://h /", "gopher://h/",
        "http://" + "a" * 3000, "javascript:alert(1)",
    ],
)  # fmt: skip
def test_urls_that_are_never_called(url: str) -> None:
    with pytest.raises(InvalidInput):
        host_of(url)


def test_hosts() -> None:
    assert host_of("https://Example.com:8443/x?y") == "example.com"
    assert address_of(host_of("http://[::1]/")) == ipaddress.ip_address("::1")
    assert address_of("2130706433") is None  # which the resolver knows as 127.0.0.1, and is asked
