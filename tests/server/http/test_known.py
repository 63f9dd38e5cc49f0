"""A head that is known says what it said when it was parsed, whatever the body and however the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corral.server.http.known import KnownHeads
from corral.server.http.limits import Limits
from corral.server.http.message import Request
from corral.server.http.reader import RequestReader

POST = b"POST /p?q HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n"
GET = b"GET /g HTTP/1.1\r\nHost: x\r\n\r\n"
LAST = b"GET /g HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
TRAFFIC = POST + b"first" + GET + POST + b"later" + GET + POST + b"\r\n\r\nx" + GET


def told(request: Request) -> tuple[object, ...]:
    return (
        request.method, request.target, request.path, request.query, request.headers, request.body,
        request.version, request.keep_alive,
    )  # fmt: skip


def read(known: KnownHeads, *pieces: bytes) -> list[tuple[object, ...]]:
    reader = RequestReader(Limits(), known)
    for piece in pieces:
        assert reader.feed(piece) is None
    return [told(request) for request in reader.ready]


def test_the_next_request_of_a_client_is_known() -> None:
    known = KnownHeads()
    assert known.request(POST + b"first") is None
    read(known, POST + b"first")
    again = known.request(POST + b"later")
    assert again is not None
    assert told(again) == read(KnownHeads(), POST + b"later")[0]


@given(st.lists(st.integers(0, len(TRAFFIC)), max_size=12))
def test_cuts_do_not_matter(cuts: list[int]) -> None:
    known = KnownHeads()
    read(known, POST + b"known", GET)
    pieces = [TRAFFIC[start:end] for start, end in pairwise([0, *sorted(cuts), len(TRAFFIC)])]
    assert read(known, *pieces) == read(KnownHeads(), TRAFFIC)


@pytest.mark.parametrize("data", [POST + b"four", POST + b"sixsix", POST, GET + b"x", GET[:-1], b"", b"\r\n\r\n"])
def test_other_than_one_whole_request_is_parsed(data: bytes) -> None:
    known = KnownHeads()
    read(known, POST + b"first", GET)
    assert known.request(data) is None


@pytest.mark.parametrize(
    "data",
    [
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\nx",
        b"GET / HTTP/1.1\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n",
        b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
        b"\r\n\r\n" + GET,
        POST + b"first\r\n",
        GET[:-2] + b"X-Long: " + 2000 * b"x" + b"\r\n\r\n",
        LAST,
    ],
)
def test_the_unusual_is_always_parsed(data: bytes) -> None:
    known = KnownHeads()
    read(known, data)
    assert known.request(data) is None


def test_only_so_many_are_held() -> None:
    known = KnownHeads()
    for number in range(1000):
        read(known, b"GET /%d HTTP/1.1\r\n\r\n" % number)
    assert sum(known.request(b"GET /%d HTTP/1.1\r\n\r\n" % number) is not None for number in range(1000)) <= 256
