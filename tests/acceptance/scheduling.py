"""Schedules as a program of an application makes them."""

import time
from datetime import UTC, datetime
from typing import Any

from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program

PATH = "/api/schedules"
SOON = 3000
"""Milliseconds from now, enough for a slow machine to have made the schedule."""

LATER = 3_600_000
"""Milliseconds from now, for what runs when the test says so: see `begin`."""

NEVER = {"cron": "0 0 1 1 *"}
EVERY_SECOND = {"cron": "* * * * * *"}
MEMBERS = [
    "id", "name", "description", "schedule", "endpoint", "retryPolicy", "enabled", "createdBy", "metadata",
    "lastExecutedAt", "lastExecutionStatus", "lastExecutionError", "nextExecutionAt", "executionCount", "createdAt",
    "updatedAt",
]  # fmt: skip
FAST = {"attempts": 3, "backoff": {"type": "fixed", "delay": 10}}


def in_ms(delay: int) -> str:
    moment = datetime.fromtimestamp(time.time() + delay / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def an_operator(serve: Serve, **settings: Any) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0, **settings))


async def a_shop(serve: Serve, **settings: Any) -> Program:
    return await (await an_operator(serve, **settings)).make()


def body(url: str, **more: Any) -> dict[str, Any]:
    return {"name": "report", "endpoint": {"url": url, "method": "POST"}, "schedule": NEVER, **more}


async def make(program: Program, url: str, **more: Any) -> Any:
    reply = await program.call("POST", PATH, body(url, **more))
    assert reply.status == 201, reply
    return reply.json()["data"]


async def shown(program: Program, made: Any) -> Any:
    return (await program.ok("GET", f"{PATH}/{made['id']}"))["data"]


async def begin(program: Program) -> None:
    """Run now what the program's schedules have coming."""
    await program.ok("POST", "/v1/queues/corral-schedules/promote", {})


async def jobs(program: Program, status: str) -> Any:
    return (await program.ok("GET", f"/api/jobs?status={status}"))["jobs"]


async def counted(program: Program, made: Any, count: int) -> Any:
    """The schedule, once it has been executed so often.

    It is looked at once more: a look reads its parts one after the other, of which the count is the last to change.
    """

    async def look() -> bool:
        return bool((await shown(program, made))["executionCount"] >= count)

    await until(look)
    return await shown(program, made)
