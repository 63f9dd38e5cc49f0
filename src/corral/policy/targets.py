"""Which addresses may be called on behalf of strangers: an own table of networks, as the standard library's judgement
lets some through that lead inside.
"""

import ipaddress
import re
from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

import msgspec

from corral.model.errors import InvalidInput

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_BLOCKED_4 = (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
)  # fmt: skip
"""IANA's registry of special purposes, with multicast and what is reserved; the metadata of clouds is link-local or in
100.64.0.0/10."""

_PUBLIC_6 = ipaddress.IPv6Network("2000::/3")
_BLOCKED_6 = (
    "2001::/23",  # protocol assignments, with Teredo, which carries IPv4 addresses
    "2001:db8::/32",
    "2002::/16",  # 6to4 carries IPv4 addresses
    "2620:4f:8000::/48",
    "3ffe::/16",
    "3fff::/20",
)
"""Within what is public at all; loopback, mapped IPv4, NAT64, private, link-local and multicast lie outside."""

LOOPBACK = ("127.0.0.0/8", "::1/128")
_SCHEMES = ("http", "https")
_LONGEST = 2048
_UNSEEN = re.compile(r"[\x00-\x20\x7f\\]")
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_networks_4 = tuple(ipaddress.IPv4Network(text) for text in _BLOCKED_4)
_networks_6 = tuple(ipaddress.IPv6Network(text) for text in _BLOCKED_6)


class Allowed(msgspec.Struct, frozen=True):
    """What may be called all the same: networks, and names of hosts, of which `*.name` is every name below it."""

    networks: tuple[Network, ...] = ()
    names: frozenset[str] = frozenset()

    def has_address(self, address: Address) -> bool:
        forms = (address, _unmapped(address))
        return any(one in network for network in self.networks for one in forms if one.version == network.version)

    def has_name(self, host: str) -> bool:
        """Names are told by themselves, whatever address they have."""
        name = host.lower().rstrip(".")
        parents = (name[at + 1 :] for at, letter in enumerate(name) if letter == ".")
        return name in self.names or any(f"*.{parent}" in self.names for parent in parents)


def allowed_of(texts: Iterable[str]) -> Allowed:
    """Networks (an address is one of its own) and names. Raises `ValueError`."""
    networks: list[Network] = []
    names: list[str] = []
    for text in texts:
        try:
            networks.append(ipaddress.ip_network(text.strip("[]"), strict=False))
        except ValueError:
            if not re.fullmatch(r"(\*\.)?[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?", text) or "/" in text:
                raise ValueError("networks such as 10.0.0.0/8 and names such as hooks.local or *.internal") from None
            names.append(text.lower().rstrip("."))
    return Allowed(tuple(networks), frozenset(names))


def is_blocked(address: Address, allowed: Allowed = Allowed()) -> bool:  # noqa: B008 - a frozen value
    """Whether the address may not be called."""
    if allowed.has_address(address):
        return False
    if isinstance(address, ipaddress.IPv4Address):
        return any(address in network for network in _networks_4)
    return address not in _PUBLIC_6 or any(address in network for network in _networks_6)


def may_call(allowed: Allowed) -> Callable[[str, str], bool]:
    """Tells whether a host may be called at an address that it was found at."""

    def may(host: str, at: str) -> bool:
        address = address_of(at)
        return allowed.has_name(host) or (address is not None and not is_blocked(address, allowed))

    return may


def address_of(host: str) -> Address | None:
    """The address that the host is, None for a name."""
    try:
        return ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        return None


def host_of(url: str) -> str:
    """The host of a URL that may be called as far as its text tells. Raises `InvalidInput`."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise InvalidInput("Invalid URL") from None
    if _UNSEEN.search(url) or len(url) > _LONGEST or not url.isprintable():
        raise InvalidInput("Invalid URL")
    if parts.scheme not in _SCHEMES or not host or port == 0:
        raise InvalidInput("The URL must begin with http:// or https:// and name a host")
    if parts.username is not None or parts.password is not None:
        raise InvalidInput("The URL must not hold a user or a password; use a header")
    if _NUMBER.fullmatch(host.rstrip(".").rpartition(".")[2]) and address_of(host) is None:
        raise InvalidInput(f"The host {host} may not be called: it is an address in an unusual form")
    return host


def origin_of(url: str) -> str:
    """Scheme, host and port, for telling receivers apart."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{(parts.netloc.rpartition('@')[2]).lower()}"


def _unmapped(address: Address) -> Address:
    """An IPv4 address that is written as IPv6 is the IPv4 address."""
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return mapped or address
