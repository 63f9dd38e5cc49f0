"""`corral orchestrate` as a process of its own."""

import asyncio
import signal
import sys
from pathlib import Path

from corral import Context, JobDefinition
from corral.testing.engines import start_engine
from corral.testing.waiting import until

PROGRAM = """
from corral import Context, JobDefinition

context = Context(dsn={url!r})

@JobDefinition.decorator(context, name="TICK", repeat_secs=3600)
async def tick(payload: None) -> None: ...
"""


async def _start(folder: Path, place: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "corral", "orchestrate", place, cwd=folder, stdout=-1, stderr=-1
    )


async def test_it_fires_the_repeats_of_a_program(tmp_path: Path) -> None:
    with start_engine(tmp_path / "engine") as engine:
        (tmp_path / "jobs.py").write_text(PROGRAM.format(url=engine.url))
        process = await _start(tmp_path, "jobs:context")
        async with Context(dsn=engine.url) as context:
            store = await context.store()

            async def fired() -> bool:
                return (await store.queues.counts("TICK", ["waiting"]))["waiting"] == 1

            await until(fired, 20)
        process.send_signal(signal.SIGTERM)
        out, _ = await process.communicate()
        assert out == b"Orchestrating TICK\n"
        assert process.returncode == 0


async def test_it_says_what_it_cannot_find(tmp_path: Path) -> None:
    (tmp_path / "jobs.py").write_text("context = 1\n")
    for place, why in (("jobs", b"MODULE:NAME"), ("jobs:context", b"is no Context"), ("gone:context", b"No module")):
        process = await _start(tmp_path, place)
        _, err = await process.communicate()
        assert process.returncode == 2
        assert why in err


def test_a_decorated_function_is_a_definition() -> None:
    context = Context()

    @JobDefinition.decorator(context)
    async def named(payload: int) -> int:
        return payload

    assert named.name == "named"
