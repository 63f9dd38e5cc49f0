"""Undoing the content encoding of a response body."""

import zlib

from corral.endpoints.http.errors import CallFailed
from corral.endpoints.http.reply import HttpReply

ENCODINGS = {b"gzip", b"x-gzip", b"deflate"}
ANY_ZLIB_HEADER = 32 + zlib.MAX_WBITS


def decoded(reply: HttpReply, limit: int) -> HttpReply:
    """The reply with its body out of gzip or deflate; another encoding is left alone.

    Raises CallFailed for damaged data and when the body would be larger than `limit` bytes.
    """
    encoding = reply.headers.get(b"content-encoding", b"").strip().lower()
    if encoding not in ENCODINGS or not reply.body:
        return reply
    return HttpReply(reply.status, reply.reason, reply.headers, _inflate(reply.body, limit))


def _inflate(body: bytes, limit: int) -> bytes:
    inflater = zlib.decompressobj(ANY_ZLIB_HEADER)
    try:
        plain = inflater.decompress(body, limit + 1)
    except zlib.error:
        raise CallFailed("the compressed response body is damaged") from None
    if len(plain) > limit:
        raise CallFailed(f"the response body is larger than {limit} bytes")
    if not inflater.eof:
        raise CallFailed("the compressed response body is cut short")
    return plain
