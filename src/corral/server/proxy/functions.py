"""The functions of the queue socket, by the names that bullmq-proxy's clients send."""

from typing import Any

import msgspec

from corral.operations import jobs, queues
from corral.operations.operation import Permission
from corral.operations.services import Services
from corral.operations.table import OPERATIONS
from corral.policy.job_bodies import parse_job_args
from corral.policy.paging import ALL_STATES, counted_states
from corral.server.proxy.function import Arguments, Function
from corral.server.proxy.job_functions import JOB_FUNCTIONS
from corral.server.proxy.queue_functions import QUEUE_FUNCTIONS, wanted_states
from corral.server.proxy.scheduler_functions import SCHEDULER_FUNCTIONS
from corral.server.proxy.table_functions import functions_of

_text = msgspec.json.Decoder(str).decode
_maybe_number = msgspec.json.Decoder(int | None).decode
_maybe_flag = msgspec.json.Decoder(bool | None).decode
_anything = msgspec.json.Decoder().decode
_ABSENT = msgspec.Raw(b"null")


async def add(services: Services, queue: str, args: Arguments) -> Any:
    name, data, opts = _padded(args, 3)
    job = parse_job_args(_text(name), bytes(data), _anything(opts))
    return (await jobs.add_jobs(services, queue, [job]))[0]


async def get_workers(services: Services, queue: str, args: Arguments) -> Any:
    return await queues.get_workers(services, queue)


async def get_jobs(services: Services, queue: str, args: Arguments) -> Any:
    states, start, end, asc = _padded(args, 4)
    first, last = _maybe_number(start), _maybe_number(end)
    return await services.store.jobs.in_states(
        queue,
        _with_paused(wanted_states([states])),
        0 if first is None else first,
        -1 if last is None else last,
        bool(_maybe_flag(asc)),
    )


async def get_job_logs(services: Services, queue: str, args: Arguments) -> Any:
    job_id, start, end, asc = _padded(args, 4)
    first, last, ascending = _maybe_number(start), _maybe_number(end), _maybe_flag(asc)
    rows = (0 if first is None else first, -1 if last is None else last)
    return await jobs.get_logs(services, queue, _text(job_id), rows, ascending is not False)


async def update_job_progress(services: Services, queue: str, args: Arguments) -> None:
    await jobs.set_progress(services, queue, _text(args[0]), bytes(args[1]))


async def add_job_log(services: Services, queue: str, args: Arguments) -> Any:
    job_id, row, keep = _padded(args, 3)
    return await jobs.add_log(services, queue, _text(job_id), _anything(row), _maybe_number(keep))


FUNCTIONS: dict[str, Function] = {
    **functions_of(OPERATIONS),
    **QUEUE_FUNCTIONS,
    **JOB_FUNCTIONS,
    **SCHEDULER_FUNCTIONS,
    "add": Function(2, 3, add, small=True, permission=Permission.ENQUEUE),
    "getWorkers": Function(0, 0, get_workers),
    "getJobs": Function(0, 4, get_jobs),
    "getJobLogs": Function(1, 4, get_job_logs),
    **dict.fromkeys(
        ("updateJobProgress", "jobProgress", "updateProgress"),
        Function(2, 2, update_job_progress, small=True, permission=Permission.WORK),
    ),
    "addJobLog": Function(2, 3, add_job_log, small=True, permission=Permission.WORK),
}


def trimmed(args: Arguments) -> Arguments:
    """Trailing nulls are arguments that were left out: the clients send them for `undefined`."""
    kept = list(args)
    while kept and bytes(kept[-1]) == b"null":
        kept.pop()
    return kept


def _padded(args: Arguments, count: int) -> Arguments:
    return [*args, *[_ABSENT] * (count - len(args))]


def _with_paused(states: list[str]) -> list[str]:
    wanted = states or list(ALL_STATES)
    return counted_states(wanted)
