"""A parent process for `test_processes`: prints its port when all its children serve, ."""

import asyncio
import sys
from pathlib import Path

from corral.wiring.processes import serve_children
from corral.wiring.run import OnReady, run
from corral.wiring.settings import Settings

CHILD = (sys.executable, str(Path(__file__).with_name("crew_child.py")))


async def work(settings: Settings, on_ready: OnReady, stop: asyncio.Event) -> None:
    await serve_children(settings, stop=stop, on_ready=on_ready, command=CHILD)


if __name__ == "__main__":
    settings = Settings(port=0, processes=2, shutdown_timeout=30)
    sys.exit(run(settings, work, lambda port: print(port, flush=True)))
