"""Writes the chunks of a streamed answer, one after the other, as fast as they are taken."""

from collections.abc import AsyncIterator, Awaitable, Callable

_LAST = b"0\r\n\r\n"


async def pump(chunks: AsyncIterator[bytes], write: Callable[[bytes], Awaitable[None]], *, chunked: bool) -> None:
    """Send everything and close the iterator, whatever happens. Empty chunks are left out."""
    try:
        async for chunk in chunks:
            if chunk:
                await write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
        if chunked:
            await write(_LAST)
    finally:
        close = getattr(chunks, "aclose", None)
        if close is not None:
            await close()
