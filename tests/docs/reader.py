"""Doing what a page says, block by block."""

import asyncio
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from corral.testing.engines import free_port
from corral.testing.waiting import until
from tests.docs.conversation import Conversations
from tests.docs.expected import matches
from tests.docs.pages import Block, blocks_of
from tests.docs.terminal import Terminal, terminal

DEADLINE = 30.0
SERVER, REDIS, ENDPOINT = 8080, 6379, 3000
"""Ports as the pages name them: corral's, that of a Redis, that of a worker's endpoint."""

_FILE = re.compile(r"# (\w+\.py)\n")
_CHANGES = re.compile(r"(?<!\S)(-d|-X|&)(?!\S)")


class Reader:
    """`ports` has the real one for each port that pages name."""

    def __init__(self, terminal: Terminal, ports: Mapping[int, int], token: str, folder: Path) -> None:
        self._terminal = terminal
        self._ports = ports
        self._token = token
        self._folder = folder
        self._conversations = Conversations()

    async def follow(self, block: Block) -> None:
        """Raises `AssertionError` when it does not do what the page says."""
        text = self._with_real_ports(block.text)
        if block.language == "ws":
            await self._conversations.hold(text.replace("$TOKEN", self._token))
        elif block.language == "python" and (file := _FILE.match(text)):
            (self._folder / file[1]).write_text(text)
        elif block.language == "python":
            self._compare(await self._terminal.run(f"python - <<'END'\n{text}END"), block)
        elif block.language == "bash":
            await self._type(text, block)

    async def close(self) -> None:
        await self._conversations.close()

    async def _type(self, commands: str, block: Block) -> None:
        """Commands that only ask are repeated until they get the answer shown, as work takes its time."""
        printed = ""

        async def right() -> bool:
            nonlocal printed
            printed = await self._terminal.run(commands)
            return block.output is None or matches(block.output, self._with_named_ports(printed))

        if _CHANGES.search(commands):
            await right()
        else:
            with suppress(TimeoutError):
                await until(right, DEADLINE)
        if commands.rstrip().endswith("&"):
            await until(lambda: _listens(self._ports[ENDPOINT]), DEADLINE)
        self._compare(printed, block)

    def _compare(self, printed: str, block: Block) -> None:
        shown = self._with_named_ports(printed)
        if block.output is not None:
            assert matches(block.output, shown), f"{block.text}printed\n{shown}\nbut the page says\n{block.output.text}"

    def _with_real_ports(self, text: str) -> str:
        for named, real in self._ports.items():
            text = re.sub(rf'(localhost(?::|", )){named}\b', rf"\g<1>{real}", text)
        return text

    def _with_named_ports(self, text: str) -> str:
        for named, real in self._ports.items():
            text = re.sub(rf"(localhost|127\.0\.0\.1):{real}\b", rf"\g<1>:{named}", text)
        return text


async def follow(page: Path, folder: Path, token: str, ports: Mapping[int, int]) -> None:
    """Do all that the page says, in its order, in the folder."""
    real = {ENDPOINT: free_port(), **ports}
    async with terminal(folder, {"TOKEN": token}) as shell:
        reader = Reader(shell, real, token, folder)
        try:
            for block in blocks_of(page):
                await _at(page, block, reader)
        finally:
            await reader.close()


async def _at(page: Path, block: Block, reader: Reader) -> None:
    try:
        await reader.follow(block)
    except Exception as error:
        error.add_note(f"at {page.name}:{block.line}")
        raise


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
