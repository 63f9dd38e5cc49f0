import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from corral.wiring.processes import serve_children
from corral.wiring.run import CannotServe
from corral.wiring.settings import Settings

DEADLINE = 30.0
Parent = tuple[asyncio.subprocess.Process, "Crew"]

CHILD = (sys.executable, str(Path(__file__).with_name("crew_child.py")))
PARENT = (sys.executable, str(Path(__file__).with_name("crew_parent.py")))
SETTINGS = Settings(port=0, processes=2, auth_tokens=("t",), shutdown_timeout=0.2)


@dataclass
class Crew:
    """Children at a port, as their clients see them."""

    port: int

    async def ask(self, word: str = "who") -> list[str]:
        async with asyncio.timeout(DEADLINE):
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(f"{word}\n".encode())
            answer = (await reader.readline()).decode().split()
            writer.close()
            return answer

    async def ask_everyone(self, word: str = "who") -> dict[str, list[str]]:
        """Answers by child; the kernel picks who gets a connection."""
        found: dict[str, list[str]] = {}
        async with asyncio.timeout(DEADLINE):
            while len(found) < 2:
                with contextlib.suppress(ConnectionError):
                    index, *rest = await self.ask(word)
                    found[index] = rest
        return found

    async def pids(self, word: str = "who") -> list[int]:
        return [int(pid) for pid, *_ in (await self.ask_everyone(word)).values()]


@dataclass
class Running(Crew):
    """Children of this test's own event loop."""

    stop: asyncio.Event
    task: "asyncio.Task[None]"


@pytest.fixture
async def crew() -> AsyncIterator[Running]:
    stop, port = asyncio.Event(), asyncio.get_running_loop().create_future()
    work = serve_children(SETTINGS, "/engine.sock", stop=stop, on_ready=port.set_result, command=CHILD)
    task = asyncio.create_task(work)
    async with asyncio.timeout(DEADLINE):
        running = Running(await port, stop, task)
    yield running
    stop.set()
    await asyncio.wait([task], timeout=DEADLINE)
    assert task.done()


@pytest.fixture
async def parent() -> AsyncIterator[Parent]:
    """Children of a process of its own, which can be killed."""
    process = await asyncio.create_subprocess_exec(*PARENT, stdout=asyncio.subprocess.PIPE)
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        port = int(await process.stdout.readline())
    yield process, Crew(port)
    if process.returncode is None:
        process.kill()
    await process.wait()


def alive(pid: int) -> bool:
    """A process that ended and that nobody waits for does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@contextlib.contextmanager
def watching(pids: list[int]) -> Iterator[list["asyncio.Future[None]"]]:
    """A future per process that is done when the process is, whoever its parent is."""
    loop = asyncio.get_running_loop()
    futures, descriptors = [], [os.pidfd_open(pid) for pid in pids]
    for descriptor in descriptors:
        futures.append(loop.create_future())
        loop.add_reader(descriptor, _set, futures[-1])
    yield futures
    for descriptor in descriptors:
        loop.remove_reader(descriptor)
        os.close(descriptor)


def _set(future: "asyncio.Future[None]") -> None:
    if not future.done():
        future.set_result(None)


async def test_children_share_the_port_and_the_first_runs_workers(crew: Running) -> None:
    found = await crew.ask_everyone()
    assert {index: workers for index, (_, _, workers) in found.items()} == {"0": "True", "1": "False"}
    assert {engine for _, engine, _ in found.values()} == {"/engine.sock"}


async def test_a_child_that_dies_is_started_again(crew: Running) -> None:
    before = await crew.ask_everyone()
    await crew.ask("die")
    async with asyncio.timeout(DEADLINE):
        while True:
            after = await crew.ask_everyone()
            if {pid for pid, _, _ in after.values()} != {pid for pid, _, _ in before.values()}:
                break
    assert set(after) == {"0", "1"}


async def test_all_children_end_with_their_parent(crew: Running) -> None:
    pids = await crew.pids()
    crew.stop.set()
    async with asyncio.timeout(DEADLINE):
        await crew.task
    assert not any(alive(pid) for pid in pids)


async def test_cancelling_leaves_no_child(crew: Running) -> None:
    pids = await crew.pids()
    crew.task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await crew.task
    assert not any(alive(pid) for pid in pids)


async def test_a_port_that_another_program_shares_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0), reuse_port=True) as other:
        settings = Settings(port=other.getsockname()[1], processes=2)
        with pytest.raises(OSError, match="in use"):
            await serve_children(settings, stop=asyncio.Event(), on_ready=print, command=CHILD)


async def test_children_that_never_serve_are_given_up() -> None:
    refusing = (sys.executable, "-c", "import sys; sys.exit(1)")
    async with asyncio.timeout(DEADLINE):
        with pytest.raises(CannotServe, match="5 times"):
            await serve_children(SETTINGS, stop=asyncio.Event(), on_ready=print, command=refusing)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_parent_and_children_cleanly(parent: Parent, number: signal.Signals) -> None:
    process, crew = parent
    pids = await crew.pids()
    process.send_signal(number)
    async with asyncio.timeout(DEADLINE):
        assert await process.wait() == 0
    assert not any(alive(pid) for pid in pids)


async def test_a_second_signal_ends_all_at_once(parent: Parent) -> None:
    process, crew = parent
    with watching(await crew.pids("hang")) as children:
        process.send_signal(signal.SIGTERM)
        await closed(crew.port)  # the children have got it
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(DEADLINE):
            assert await process.wait() == 128 + signal.SIGTERM
            await asyncio.gather(*children)


async def test_children_stop_when_their_parent_is_killed(parent: Parent) -> None:
    process, crew = parent
    with watching(await crew.pids()) as children:
        process.kill()
        async with asyncio.timeout(DEADLINE):
            await asyncio.gather(*children)


async def closed(port: int) -> None:
    async with asyncio.timeout(DEADLINE):
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except ConnectionError:
                return
            writer.close()
