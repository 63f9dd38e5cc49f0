"""Functions of the queue socket that BullMQ's `Queue` has and that are no operations of their own."""

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from corral.model.errors import InvalidInput
from corral.model.queue import QueueInfo
from corral.operations import jobs, queue_moves
from corral.operations.operation import Permission
from corral.operations.queue_moves import Batch, ObliterateQueue, OneQueue
from corral.operations.services import Services
from corral.policy.paging import ALL_STATES
from corral.server.proxy.function import Arguments, Function


class _Obliterating(msgspec.Struct, frozen=True):
    force: bool = False
    count: Batch = 1000


_states = msgspec.json.Decoder(str | list[str] | None).decode
_obliterating = msgspec.json.Decoder(_Obliterating | None).decode
_KNOWN_STATES = frozenset(ALL_STATES)
_PENDING = ("waiting", "paused", "delayed", "prioritized", "waiting-children")
_COUNTED = {
    "getActiveCount": "active",
    "getCompletedCount": "completed",
    "getFailedCount": "failed",
    "getPrioritizedCount": "prioritized",
    "getWaitingCount": "waiting",
    "getWaitingChildrenCount": "waiting-children",
}


def wanted_states(arguments: Iterable[msgspec.Raw]) -> list[str]:
    """Each argument is a state, a list of them, or null. Raises `InvalidInput`."""
    wanted: list[str] = []
    for argument in arguments:
        found = _states(argument)
        wanted += [found] if isinstance(found, str) else found or []
    for state in wanted:
        if state not in _KNOWN_STATES:
            raise InvalidInput(f"Invalid status: {state}")
    return wanted


async def get_job_counts(services: Services, queue: str, args: Arguments) -> dict[str, int]:
    return await jobs.job_counts(services, queue, wanted_states(args))


async def get_job_count_by_types(services: Services, queue: str, args: Arguments) -> int:
    return await _total(services, queue, wanted_states(args))


async def count(services: Services, queue: str, args: Arguments) -> int:
    """Jobs that are still to run."""
    return await _total(services, queue, _PENDING)


async def get_meta(services: Services, queue: str, args: Arguments) -> dict[str, Any]:
    (info,) = await services.store.directory.describe([queue], services.clock())
    return {"paused": False} if info is None else _meta(info)


async def get_version(services: Services, queue: str, args: Arguments) -> str | None:
    return await services.store.queues.version(queue)


async def get_workers_count(services: Services, queue: str, args: Arguments) -> int:
    return len(await services.store.queues.workers(queue))


async def is_maxed(services: Services, queue: str, args: Arguments) -> bool:
    return await services.store.queue_limits.is_maxed(queue)


async def obliterate(services: Services, queue: str, args: Arguments) -> None:
    """BullMQ's method pauses the queue itself, where the route wants that done."""
    options = _obliterating(args[0]) if args else None
    chosen = options or _Obliterating()
    await queue_moves.pause(services, OneQueue(queue))
    await queue_moves.obliterate(services, ObliterateQueue(queue, chosen.force, chosen.count))


def _counter(state: str) -> Callable[[Services, str, Arguments], Awaitable[int]]:
    return lambda services, queue, args: _total(services, queue, [state])


async def _total(services: Services, queue: str, states: Iterable[str]) -> int:
    return sum((await jobs.job_counts(services, queue, list(states))).values())


def _meta(info: QueueInfo) -> dict[str, Any]:
    limit = info.rate_limit
    fields = {
        "concurrency": info.concurrency,
        "maxLenEvents": info.max_len_events,
        "max": limit and limit.max,
        "duration": limit and limit.duration,
        "version": info.version,
    }
    return {name: value for name, value in fields.items() if value is not None} | {"paused": info.paused}


QUEUE_FUNCTIONS: dict[str, Function] = {
    "getJobCounts": Function(0, 16, get_job_counts),
    "getJobCountByTypes": Function(0, 16, get_job_count_by_types),
    "count": Function(0, 0, count),
    "getMeta": Function(0, 0, get_meta),
    "getVersion": Function(0, 0, get_version),
    "getWorkersCount": Function(0, 0, get_workers_count),
    "isMaxed": Function(0, 0, is_maxed),
    "obliterate": Function(0, 1, obliterate, permission=Permission.ADMIN),
    **{name: Function(0, 0, _counter(state)) for name, state in _COUNTED.items()},
}
