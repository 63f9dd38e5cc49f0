"""What do a thousand listeners of one queue cost: memory each, and reads of the engine for each event?"""

import asyncio
import time
from pathlib import Path

from benchmarks.adding import Run
from benchmarks.contest import Contestant, Question, Score
from benchmarks.stage import DATA, TOKEN, Corral, Stage

_LISTENERS = 1_000
_EVENTS = 100
_KIB = 1024
_DEADLINE = 60.0
_COMMANDS = ("cmdstat_xread", "cmdstat_xrange")


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """For information: there is no yardstick."""
    contestants = [Contestant(f"{count:,} event streams", _with(stage, count)) for count in (1, _LISTENERS)]
    return Question("listeners: memory, engine reads and CPU of event streams", contestants, lower_is_better=True)


def _with(stage: Stage, count: int) -> Run:
    def run(_: int) -> Score:
        stage.clear()
        with stage.corral() as corral:
            return asyncio.run(_listen(stage, corral, count))

    return run


async def _listen(stage: Stage, corral: Corral, count: int) -> Score:
    before = _resident_kib(corral.pid)
    streams = [await _open(corral) for _ in range(count)]
    after = _resident_kib(corral.pid)
    reads, begun = _reads(stage), time.perf_counter()
    for _ in range(_EVENTS):
        await asyncio.to_thread(corral.post, "/queues/mail/jobs", [{"name": "n", "data": DATA}])
    async with asyncio.timeout(_DEADLINE):
        await asyncio.gather(*(_hear(reader) for reader, _ in streams))
    elapsed = time.perf_counter() - begun
    for _, writer in streams:
        writer.transport.abort()
    return {
        "KiB/listener": (after - before) / count,
        "reads/event": (_reads(stage) - reads) / _EVENTS,
        "events/s": _EVENTS * count / elapsed,
    }


async def _open(corral: Corral) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection("127.0.0.1", corral.port)
    head = f"GET /v1/queues/mail/events?events=added HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {TOKEN}\r\n\r\n"
    writer.write(head.encode())
    await reader.readuntil(b"retry: 2000")
    return reader, writer


async def _hear(reader: asyncio.StreamReader) -> None:
    for _ in range(_EVENTS):
        await reader.readuntil(b"event: added")


def _reads(stage: Stage) -> int:
    stats = stage.redis.info("commandstats")
    return sum(int(stats.get(name, {}).get("calls", 0)) for name in _COMMANDS)


def _resident_kib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024 // _KIB
