"""permessage-deflate: what is agreed to, and what a hostile peer may not do with it."""

import zlib

import pytest

from corral.server.ws.deflate import TooLarge, negotiate

PLAIN = "permessage-deflate; server_no_context_takeover; client_no_context_takeover"


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        ("permessage-deflate", PLAIN),
        ("permessage-deflate; client_max_window_bits", PLAIN),
        ("permessage-deflate; client_max_window_bits=8", PLAIN),
        ("Permessage-Deflate;SERVER_no_context_takeover ; client_no_context_takeover", PLAIN),
        ('permessage-deflate; server_max_window_bits="10"', f"{PLAIN}; server_max_window_bits=10"),
        ("x-webkit-deflate-frame, permessage-deflate", PLAIN),
        ("permessage-deflate; unknown, permessage-deflate", PLAIN),
        ("permessage-deflate; server_max_window_bits=8, permessage-deflate", PLAIN),
    ],
)
def test_offers_that_are_accepted(offer: str, answer: str) -> None:
    deflate = negotiate(offer)
    assert deflate is not None
    assert deflate.answer == answer


@pytest.mark.parametrize(
    "offer",
    [
        "",
        "gzip",
        "permessage-deflate; unknown",
        "permessage-deflate; server_no_context_takeover=1",
        "permessage-deflate; server_max_window_bits",
        "permessage-deflate; server_max_window_bits=8",
        "permessage-deflate; server_max_window_bits=16",
        "permessage-deflate; server_max_window_bits=09",
        "permessage-deflate; client_max_window_bits=7",
        "permessage-deflate; client_max_window_bits; client_max_window_bits",
    ],
)
def test_offers_that_are_declined(offer: str) -> None:
    assert negotiate(offer) is None


@pytest.mark.parametrize("offer", ["permessage-deflate", "permessage-deflate; server_max_window_bits=9"])
@pytest.mark.parametrize("message", [b"", b"a", b"abc" * 100_000, bytes(range(256)) * 50])
def test_every_message_stands_alone(offer: str, message: bytes) -> None:
    deflate = negotiate(offer)
    assert deflate is not None
    for _ in range(2):
        assert deflate.inflate(deflate.compress(message), len(message)) == message


def test_a_bomb_is_noticed_before_it_is_whole() -> None:
    deflate = negotiate("permessage-deflate")
    assert deflate is not None
    with pytest.raises(TooLarge):
        deflate.inflate(zlib.compress(bytes(50_000_000), wbits=-15), 1000)


def test_what_is_not_deflate_is_a_value_error() -> None:
    deflate = negotiate("permessage-deflate")
    assert deflate is not None
    with pytest.raises(ValueError, match="invalid"):
        deflate.inflate(b"\xff\xff\xff", 1000)
