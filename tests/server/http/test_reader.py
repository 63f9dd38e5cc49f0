"""However the bytes are cut, the same requests come out; and no bytes at all make it raise."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from corral.server.http import Limits, Response
from corral.server.http.reader import Phase, RequestReader

PIPELINE = (
    b"GET /a%20b?c=d%26 HTTP/1.1\r\nHost: x\r\nX-Twice: 1\r\nx-twice: 2\r\n\r\n"
    b"POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
    b"PUT /q?a?b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nTrailer: 1\r\n\r\n"
    b"PURGE /pot HTTP/1.1\r\n\r\n"
    b"GET /ws HTTP/1.1\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n\r\n\x81\x80rest"
)


def feed(cuts: list[int]) -> RequestReader:
    reader = RequestReader(Limits())
    edges = [0, *sorted(cuts), len(PIPELINE)]
    for start, end in pairwise(edges):
        if reader.upgrade is not None:
            reader.rest += PIPELINE[start:end]
        else:
            assert reader.feed(PIPELINE[start:end]) is None
    return reader


@given(st.lists(st.integers(0, len(PIPELINE)), max_size=30))
def test_cuts_do_not_matter(cuts: list[int]) -> None:
    reader = feed(cuts)
    assert [(r.method, r.path, r.query, r.body) for r in reader.ready] == [
        ("GET", "/a%20b", "c=d%26", b""),
        ("POST", "/p", "", b"hello"),
        ("PUT", "/q", "a?b", b"abcde"),
        ("PURGE", "/pot", "", b""),
    ]
    assert reader.ready[0].headers == {"host": "x", "x-twice": "1, 2"}
    assert reader.upgrade is not None
    assert reader.rest == b"\x81\x80rest"
    assert reader.phase is Phase.BETWEEN


@given(st.lists(st.binary(max_size=50), max_size=20), st.sampled_from([b"", b"GET / HTTP/1.1\r\n", PIPELINE[:90]]))
def test_no_input_makes_it_raise(pieces: list[bytes], start: bytes) -> None:
    reader = RequestReader(Limits())
    for piece in [start, *pieces]:
        answer = reader.feed(piece)
        if reader.upgrade is not None:
            return
        if answer is not None:
            assert isinstance(answer, Response)
            assert answer.status in (400, 431, 505)
            return
