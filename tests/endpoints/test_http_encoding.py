import gzip
import zlib

import pytest

from corral.endpoints.http import CallFailed, HttpPool, HttpReply, Limits
from corral.endpoints.http.encoding import decoded
from tests.endpoints.origin import Origin, post, reply


def encoded(body: bytes, encoding: str) -> HttpReply:
    return HttpReply(200, "OK", {b"content-encoding": encoding.encode()}, body)


@pytest.mark.parametrize(
    ("body", "encoding", "plain"),
    [
        (gzip.compress(b"text", mtime=0), "gzip", b"text"),
        (gzip.compress(b"text", mtime=0), " X-GZip", b"text"),
        (zlib.compress(b"text"), "deflate", b"text"),
        (b"", "gzip", b""),
        (b"text", "identity", b"text"),
        (b"whatever", "br", b"whatever"),
    ],
)
def test_known_encodings_are_undone(body: bytes, encoding: str, plain: bytes) -> None:
    assert decoded(encoded(body, encoding), 100).body == plain


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"not gzip", "damaged"),
        (gzip.compress(b"text", mtime=0)[:-3], "cut short"),
        (gzip.compress(bytes(101), mtime=0), "larger than 100 bytes"),
    ],
)
def test_what_cannot_be_undone_fails(body: bytes, why: str) -> None:
    with pytest.raises(CallFailed, match=why):
        decoded(encoded(body, "gzip"), 100)


async def test_a_call_decodes_its_reply(pool: HttpPool) -> None:
    async with Origin(reply(gzip.compress(b"text", mtime=0), content_encoding="gzip")) as origin:
        assert await post(pool, origin) == b"text"


async def test_a_call_is_safe_from_a_small_body_that_grows_big() -> None:
    bomb = reply(gzip.compress(bytes(10_000)), content_encoding="gzip")
    async with Origin(bomb) as origin, HttpPool(Limits(body=1000)) as pool:
        with pytest.raises(CallFailed, match="larger than 1000 bytes"):
            await post(pool, origin)
