"""`python -m benchmarks.peers.on_postgres NAME ORDER`: a queue of Python in a database of its own.

Fills it, works it off until it is told to stop, or adds jobs for a time; `node/on_postgres.mjs` does so for Node.
"""

import json
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from importlib import import_module
from typing import Protocol

import uvloop

from benchmarks.callers import Order, add_for_a_time

_BATCH = 1_000


class Peer(Protocol):
    """A queue whose tables are there."""

    async def add(self, numbers: Sequence[int]) -> None:
        """Store a job for each number, in one call of the peer's own."""
        ...

    async def work(self, run: Callable[[int], None], setting: int) -> None:
        """Call `run` with the number of every job, until cancelled."""
        ...


async def _main(name: str, order: Order) -> None:
    opened: AbstractAsyncContextManager[Peer]
    opened = import_module(f"benchmarks.peers.with_{name}").opened(order["url"])
    async with opened as peer:
        if order["task"] == "add":
            print(json.dumps(await add_for_a_time(peer.add, order)))
        elif order["task"] == "fill":
            for first in range(0, order["jobs"], _BATCH):
                await peer.add(range(first, min(first + _BATCH, order["jobs"])))
        else:
            await _work(peer, order["setting"])


async def _work(peer: Peer, setting: int) -> None:
    ran: set[int] = set()
    signal.signal(signal.SIGTERM, lambda *_: _end(len(ran)))
    await peer.work(ran.add, setting)


def _end(ran: int) -> None:
    os.write(1, json.dumps({"ran": ran}).encode())
    os._exit(0)


if __name__ == "__main__":
    uvloop.run(_main(sys.argv[1], json.loads(sys.argv[2])))
