import pytest

from corral.model.errors import InvalidInput
from corral.stores.redis.address import Address


@pytest.mark.parametrize(
    ("url", "address", "text"),
    [
        ("redis://", Address(), "localhost:6379/0"),
        ("redis://cache", Address(host="cache"), "cache:6379/0"),
        ("redis://cache:7000/3", Address(host="cache", port=7000, db=3), "cache:7000/3"),
        ("redis://cache/?db=4", Address(host="cache", db=4), "cache:6379/4"),
        ("redis://cache/2?db=4", Address(host="cache", db=4), "cache:6379/4"),
        (" redis://cache?family=6\n", Address(host="cache"), "cache:6379/0"),
        ("redis://:s3cret@cache", Address(host="cache", password="s3cret"), "cache:6379/0"),
        (
            "redis://al%40ice:p%3A%2F%23%40@cache",
            Address(host="cache", username="al@ice", password="p:/#@"),
            "cache:6379/0",
        ),
        ("redis://[::1]:7000/1", Address(host="::1", port=7000, db=1), "[::1]:7000/1"),
        ("rediss://cache", Address(host="cache", tls=True), "cache:6379/0"),
        (
            "rediss://cache?ssl_cert_reqs=none&ssl_ca_certs=/etc/ca.pem",
            Address(host="cache", tls=True, tls_verify=False, tls_ca="/etc/ca.pem"),
            "cache:6379/0",
        ),
        ("unix:///run/my%20valkey.sock", Address(path="/run/my valkey.sock"), "unix:/run/my valkey.sock/0"),
        (
            "unix://alice:s3cret@/run/valkey.sock?db=2",
            Address(path="/run/valkey.sock", username="alice", password="s3cret", db=2),
            "unix:/run/valkey.sock/2",
        ),
    ],
)
def test_urls(url: str, address: Address, text: str) -> None:
    assert Address.from_url(url) == address
    assert str(Address.from_url(url)) == text


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("", "unknown scheme"),
        ("cache:6379", "unknown scheme"),
        ("http://:s3cret@cache", "unknown scheme"),
        ("redis://:s3cret@cache:port", "cannot be read"),
        ("redis://:s3cret@cache:99999", "cannot be read"),
        ("redis://:s3cret[@cache", "cannot be read"),
        ("redis://:s3cret\u2100@cache", "cannot be read"),
        ("redis://:s3#cret@cache", "percent-encoded"),
        ("redis://:s3/s3cret@cache", "percent-encoded"),
        ("redis://:s3cret@cache/first", "not a number"),
        ("redis://:s3cret@cache/-1", "not a number"),
        ("redis://:s3cret@cache/1/2", "not a number"),
        ("redis://:s3cret@cache?db=x", "not a number"),
        ("unix://:s3cret@run/valkey.sock", "names a host"),
        ("unix://:s3cret@", "no socket path"),
    ],
)
def test_bad_urls_are_refused_without_showing_the_password(url: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says) as refused:
        Address.from_url(url)
    assert "cret" not in str(refused.value)
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_no_text_form_shows_the_password() -> None:
    address = Address(username="alice", password="s3cret")
    texts = [str(address), repr(address), f"{address}", str(address.__rich_repr__())]
    assert not [text for text in texts if "s3cret" in text]
