"""Callers of the Python library that add jobs for a time: `python -m benchmarks.library_adder ORDER`."""

import json
import sys
from collections.abc import Sequence

import uvloop

from benchmarks.callers import Order, add_for_a_time
from benchmarks.stage import DATA
from corral import Context, JobDefinition


async def nothing(payload: dict[str, object]) -> None:
    """The job, which does not run here."""


async def main(order: Order) -> None:
    async with Context(dsn=order["url"]) as context:
        mail = JobDefinition(name="mail", context=context, work_function=nothing)

        async def add(numbers: Sequence[int]) -> None:
            if len(numbers) == 1:
                await mail.enqueue({**DATA, "n": numbers[0]})
            else:
                await mail.enqueue_many([{**DATA, "n": n} for n in numbers])

        print(json.dumps(await add_for_a_time(add, order)))


if __name__ == "__main__":
    uvloop.run(main(json.loads(sys.argv[1])))
