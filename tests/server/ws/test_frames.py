"""The bytes of a server's frames."""

import pytest

from corral.server.ws import frames


@pytest.mark.parametrize(
    ("length", "expected"),
    [
        (0, b"\x81\x00"),
        (125, b"\x81\x7d"),
        (126, b"\x81\x7e\x00\x7e"),
        (65535, b"\x81\x7e\xff\xff"),
        (65536, b"\x81\x7f\x00\x00\x00\x00\x00\x01\x00\x00"),
    ],
)
def test_lengths(length: int, expected: bytes) -> None:
    assert frames.header(frames.TEXT, length) == expected


def test_the_compressed_bit() -> None:
    assert frames.header(frames.TEXT, 1, compressed=True) == b"\xc1\x01"


def test_close_frames() -> None:
    assert frames.close_frame(1005) == b"\x88\x00"
    assert frames.close_frame(4000, "no") == b"\x88\x04\x0f\xa0no"
    assert frames.close_code(b"\x0f\xa0no") == 4000
    assert frames.close_code(b"") == 1005


def test_a_long_reason_is_cut_at_a_character() -> None:
    frame = frames.close_frame(1000, "é" * 100)
    assert len(frame) <= 2 + 125
    assert frame[4:].decode() == "é" * 61


@pytest.mark.parametrize("code", [1000, 1003, 1005, 1007, 1014, 3000, 4999])
def test_codes_that_may_be_sent(code: int) -> None:
    assert frames.may_be_sent(code)


@pytest.mark.parametrize("code", [0, 999, 1004, 1006, 1015, 2999, 5000])
def test_codes_that_may_not(code: int) -> None:
    assert not frames.may_be_sent(code)
