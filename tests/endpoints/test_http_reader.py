import pytest

from corral.endpoints.http import CallFailed, HttpReply
from corral.endpoints.http.reader import ResponseReader
from tests.endpoints.origin import reply

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def read(data: bytes, limit: int = 1000) -> tuple[ResponseReader, HttpReply | None]:
    reader = ResponseReader(limit)
    return reader, reader.feed(data)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (reply(b"hi", "200 OK"), HttpReply(200, "OK", {b"content-length": b"2"}, b"hi")),
        (reply(b"", "500 "), HttpReply(500, "", {b"content-length": b"0"}, b"")),
        (b"HTTP/1.1 204 No Content\r\n\r\n", HttpReply(204, "No Content", {}, b"")),
        (
            b"HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n",
            HttpReply(304, "Not Modified", {b"content-length": b"9"}, b""),
        ),
        (
            CHUNKED + b"2\r\nab\r\n3;x=y\r\ncde\r\n0\r\nContent-Type: late\r\n\r\n",
            HttpReply(200, "OK", {b"transfer-encoding": b"chunked"}, b"abcde"),
        ),
        (
            b"HTTP/1.1 100 Continue\r\nA: 1\r\n\r\nHTTP/1.1 103 Early Hints\r\n\r\n" + reply(b"hi", "201 Yes"),
            HttpReply(201, "Yes", {b"content-length": b"2"}, b"hi"),
        ),
        (
            b"HTTP/1.1 200 OK\r\nA: 1\r\na: 2\r\nEmpty:\r\nContent-Length: 0\r\n\r\n",
            HttpReply(200, "OK", {b"a": b"2", b"empty": b"", b"content-length": b"0"}, b""),
        ),
    ],
    ids=["length", "no reason", "204", "304", "chunked", "interim", "headers"],
)
class TestAResponse:
    def test_in_one_piece(self, data: bytes, expected: HttpReply) -> None:
        reader, got = read(data)
        assert got == expected
        assert reader.reusable

    def test_byte_by_byte(self, data: bytes, expected: HttpReply) -> None:
        reader = ResponseReader(1000)
        replies = [reader.feed(data[i : i + 1]) for i in range(len(data))]
        assert replies[-1] == expected
        assert not any(replies[:-1])

    def test_after_another(self, data: bytes, expected: HttpReply) -> None:
        reader, _ = read(reply(b"first", "299 First", B="c"))
        reader.begin()
        assert not reader.begun
        assert not reader.has_headers
        assert reader.feed(data) == expected


def test_how_far_a_response_has_come() -> None:
    reader = ResponseReader(1000)
    stages = []
    for data in (b"", b"HTTP/1.1 200 OK\r\n", b"Content-Length: 2\r\n\r\n"):
        assert reader.feed(data) is None
        stages.append((reader.begun, reader.has_headers))
    assert stages == [(False, False), (True, False), (True, True)]


@pytest.mark.parametrize(
    ("data", "body"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\nabc", b"abc"),
        (b"HTTP/1.0 200 OK\r\n\r\n", b""),
        (reply(b"", content_length="3") + b"ab", None),
        (CHUNKED + b"3\r\nabc\r\n", None),
        (b"HTTP/1.1 200 OK\r\n", None),
        (b"", None),
    ],
)
def test_the_end_of_the_connection_ends_only_a_body_without_length(data: bytes, body: bytes | None) -> None:
    reader, got = read(data)
    assert got is None
    end = reader.end()
    assert (end and end.body) == body
    assert end is None or not reader.reusable


@pytest.mark.parametrize(
    "surplus", [b"H", b"garbage", reply(b"second"), b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nab"]
)
def test_bytes_after_the_response_are_not_taken_for_the_next_one(surplus: bytes) -> None:
    reader, got = read(reply(b"first") + surplus)
    assert got == HttpReply(200, "OK", {b"content-length": b"5"}, b"first")
    assert not reader.reusable


def test_bytes_after_the_last_response() -> None:
    reader, got = read(reply(b"first", connection="close") + b"x")
    assert got is not None
    assert got.body == b"first"
    assert not reader.reusable


def test_a_server_that_offers_another_protocol_is_fine_but_one_that_switches_is_not() -> None:
    _, got = read(reply(b"hi", connection="upgrade", upgrade="h2c"))
    assert got is not None
    assert got.body == b"hi"
    with pytest.raises(CallFailed, match="switched to another protocol"):
        read(b"HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n")


@pytest.mark.parametrize(
    "data",
    [
        b"hello",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        CHUNKED + b"xyz\r\n",
    ],
)
def test_what_is_not_http_is_refused(data: bytes) -> None:
    with pytest.raises(CallFailed, match="the response is not valid HTTP"):
        read(data)


@pytest.mark.parametrize(
    "data",
    [
        reply(bytes(101)),
        reply(b"", content_length="500") + bytes(101),
        CHUNKED + b"41\r\n" + bytes(65) + b"\r\n41\r\n" + bytes(65) + b"\r\n",
        b"HTTP/1.1 200 OK\r\nx: " + bytes(101).replace(b"\0", b"y"),
        CHUNKED + b"1;" + b"x" * 101,
    ],
    ids=["body", "unfinished body", "chunks", "headers", "chunk extension"],
)
def test_a_response_over_the_limit_is_refused(data: bytes) -> None:
    with pytest.raises(CallFailed, match="the response is larger than 100 bytes"):
        read(data, limit=100)


def test_a_body_of_just_the_limit_is_read() -> None:
    _, got = read(reply(bytes(100)), limit=100)
    assert got is not None
    assert got.body == bytes(100)
