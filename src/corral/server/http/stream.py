"""Writes the chunks of a streamed answer, one after the other, as fast as they are taken."""

from collections.abc import AsyncIterator, Awaitable, Callable

_LAST = b"0\r\n\r\n"


async def pump(chunks: AsyncIterator[bytes], write: Callable[[bytes], Awaitable[None]], *, chunked: bool) -> None:
    """Send everything; empty chunks are left out, for in HTTP they would mean the end."""
    async for chunk in chunks:
        if chunk:
            await write(b"%x\r\n%b\r\n" % (len(chunk), chunk) if chunked else chunk)
    if chunked:
        await write(_LAST)


async def discard(chunks: AsyncIterator[bytes]) -> None:
    """Let the iterator clean up, wherever it stopped, started or not."""
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()
