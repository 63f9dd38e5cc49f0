"""Blocks that show a WebSocket: its URL, then lines `> ` that the client sends and `< ` that it gets."""

import asyncio

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.docs.expected import matches
from tests.docs.pages import Output

DEADLINE = 30.0


class Conversations:
    """The sockets of one page. A later block with the same URL goes on with the same socket."""

    def __init__(self) -> None:
        self._open: dict[str, ClientConnection] = {}

    async def hold(self, text: str) -> None:
        """Raises `AssertionError` for an answer that is not the one shown."""
        url, *lines = text.splitlines()
        if url not in self._open:
            self._open[url] = await connect(url, proxy=None)
        for line in lines:
            direction, message = line[:2], line[2:]
            if direction == "> ":
                await self._open[url].send(message)
            else:
                assert direction == "< ", f"neither sent nor received: {line}"
                heard = await self._hear(url, message)
                assert matches(Output("json", message), heard), f"{line}\nwas in truth\n< {heard}"

    async def close(self) -> None:
        for connection in self._open.values():
            await connection.close()

    async def _hear(self, url: str, expected: str) -> str:
        try:
            async with asyncio.timeout(DEADLINE):
                return str(await self._open[url].recv())
        except TimeoutError:
            raise AssertionError(f"this did not come: {expected}") from None
        except ConnectionClosed as closed:
            received = closed.rcvd
            assert received is not None, "the connection broke"
            return f"close {received.code} {received.reason}"
