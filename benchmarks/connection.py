"""CPU of this process per command, corral's connection beside redis-py: `connection.py [unix socket path]`.

64 callers each await one small SET after another. Without a path it starts the bundled engine.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import redis.asyncio
import uvloop

from corral.stores.embedded.binary import find_binary
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection

_CALLERS = 64
_CALLS = 1000
_ROUNDS = 5

Set = Callable[[str, bytes], Awaitable[object]]


async def _measure(label: str, put: Set) -> None:
    value = b"x" * 100

    async def caller(number: int) -> None:
        for _ in range(_CALLS):
            await put(f"key:{number}", value)

    costs, rates = [], []
    for _ in range(_ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*map(caller, range(_CALLERS)))
        commands = _CALLERS * _CALLS
        costs.append((time.process_time() - cpu) / commands * 1e6)
        rates.append(commands / (time.perf_counter() - wall))
    costs.sort()
    rates.sort()
    print(f"{label:<28} {costs[_ROUNDS // 2]:6.1f} us CPU a command   {rates[_ROUNDS // 2]:8,.0f} commands/s")


async def _compare(path: str, loop: str) -> None:
    connection = Connection(Address(path=path), name="benchmark")
    connection.start()
    await connection.ready(5)
    await _measure(f"corral ({loop})", lambda key, value: connection.send("SET", key, value))
    await connection.close()
    client = redis.asyncio.Redis(unix_socket_path=path, max_connections=_CALLERS)
    await _measure(f"redis-py ({loop})", lambda key, value: client.set(key, value))
    await client.aclose()


def _run(path: str) -> None:
    uvloop.run(_compare(path, "uvloop"))
    asyncio.run(_compare(path, "asyncio"))


def _main() -> None:
    if len(sys.argv) > 1:
        _run(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/s"
        command = [str(find_binary()), "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as engine:
            while not Path(path).exists():
                time.sleep(0.01)
            try:
                _run(path)
            finally:
                engine.terminate()


if __name__ == "__main__":
    _main()
