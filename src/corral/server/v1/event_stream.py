"""Server-sent events: the stream of an operation as `text/event-stream`."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from corral.server.http.message import StreamResponse

CONTENT_TYPE = "text/event-stream"
_HEADERS = (("cache-control", "no-store"), ("x-accel-buffering", "no"))
_HEARTBEAT = 15.0  # seconds of silence after which proxies on the way might cut the connection
_encode = msgspec.json.Encoder().encode


def as_event_stream(items: AsyncIterator[Any]) -> StreamResponse:
    """Items have an `id`, an `event` and whatever else goes into `data`."""
    return StreamResponse(200, CONTENT_TYPE, _HEADERS, _chunks(items), endless=True)


async def _chunks(items: AsyncIterator[Any]) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    coming: asyncio.Task[Any] | None = None
    try:
        while True:
            coming = coming or asyncio.ensure_future(anext(items))
            done, _ = await asyncio.wait([coming], timeout=_HEARTBEAT)
            if not done:
                yield b": still here\n\n"
                continue
            item, coming = coming.result(), None
            yield b"id: %b\nevent: %b\ndata: %b\n\n" % (item.id.encode(), item.event.encode(), _encode(item))
    except StopAsyncIteration:
        return
    finally:
        if coming is not None:
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        await items.aclose()  # type: ignore[attr-defined]
