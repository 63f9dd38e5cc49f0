"""Functions of the queue socket that BullMQ's `Job` and `Queue` have and that are no operations of their own."""

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from corral.model.errors import JobFailed
from corral.operations.job_results import has_ended
from corral.operations.services import Services
from corral.server.proxy.function import Arguments, Function

LONGEST_WAIT_MS = 300_000
"""A wait ends by then, as its caller may be long gone."""

_text = msgspec.json.Decoder(str).decode
_maybe_number = msgspec.json.Decoder(int | None).decode
_WHETHER = {
    "isActive": "active",
    "isCompleted": "completed",
    "isDelayed": "delayed",
    "isFailed": "failed",
    "isWaiting": "waiting",
    "isWaitingChildren": "waiting-children",
}
_LISTED = {
    "getActive": ("active", True),
    "getCompleted": ("completed", False),
    "getDelayed": ("delayed", True),
    "getFailed": ("failed", False),
    "getPrioritized": ("prioritized", True),
    "getWaiting": ("waiting", True),
    "getWaitingChildren": ("waiting-children", True),
}
"""The state, and whether the oldest job comes first."""


async def wait_until_finished(services: Services, queue: str, args: Arguments) -> msgspec.Raw:
    """What the job returned; times are milliseconds, as in BullMQ.

    Raises `JobFailed` with the reason of a failure, or when the job takes longer.
    """
    job_id = _text(args[0])
    ttl = _maybe_number(args[1]) if len(args) > 1 else None
    wait = min(ttl or LONGEST_WAIT_MS, LONGEST_WAIT_MS)
    result = await services.results.wait(queue, job_id, wait / 1000)
    if not has_ended(result):
        raise JobFailed(f"Job {job_id} did not finish within {wait}ms")
    if isinstance(result.failed_reason, str):
        raise JobFailed(result.failed_reason)
    assert isinstance(result.returnvalue, msgspec.Raw)
    return result.returnvalue


def _is_in(state: str) -> Callable[[Services, str, Arguments], Awaitable[bool]]:
    async def ask(services: Services, queue: str, args: Arguments) -> bool:
        return await services.store.job_details.state(queue, _text(args[0])) == state

    return ask


def _list(state: str, ascending: bool) -> Callable[[Services, str, Arguments], Awaitable[Any]]:
    async def ask(services: Services, queue: str, args: Arguments) -> Any:
        first, last = [_maybe_number(one) for one in args] + [None] * (2 - len(args))
        return await services.store.jobs.in_states(
            queue, [state], 0 if first is None else first, -1 if last is None else last, ascending
        )

    return ask


JOB_FUNCTIONS: dict[str, Function] = {
    "waitUntilFinished": Function(1, 2, wait_until_finished, small=True),
    **{name: Function(1, 1, _is_in(state), small=True) for name, state in _WHETHER.items()},
    **{name: Function(0, 2, _list(state, ascending)) for name, (state, ascending) in _LISTED.items()},
}
