"""A worker of the Python library whose function does nothing: `python -m benchmarks.library_worker URL CONCURRENCY`."""

import asyncio
import signal
import sys

import uvloop

from corral import Context, JobDefinition, Worker


async def nothing(payload: dict[str, object]) -> None:
    """The job."""


async def main(url: str, concurrency: int) -> None:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with Context(dsn=url) as context:
        await JobDefinition(name="mail", context=context, work_function=nothing).register()
        async with Worker(context, concurrency=concurrency):
            print(0, flush=True)
            await stop.wait()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], int(sys.argv[2])))
