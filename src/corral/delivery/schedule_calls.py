"""The runner of schedules: calls the endpoint of one, writes down how that went, and says whether it is tried again."""

import time
from typing import Any

import msgspec

from corral.delivery.answer import NotCalled, Refused
from corral.delivery.calling import Called
from corral.delivery.guarded import GuardedClient
from corral.delivery.patience import until_answered
from corral.lifecycle.intake import Clock
from corral.lifecycle.schedules import Schedules, card_of
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed, Outcome
from corral.model.schedule import Schedule, ScheduledEndpoint
from corral.store.store import Store

_AGENT = "QueueService-Schedules/1.0"
_NOTHING = b'"the schedule is switched off, or gone"'
_encode = msgspec.json.Encoder().encode


class _Job(msgspec.Struct, frozen=True, rename="camel"):
    """What a job of a schedule holds, as far as it is asked."""

    schedule_id: str = ""


_decode = msgspec.json.Decoder(_Job).decode


class ScheduleCalls:
    """Of the jobs that schedules make, and of whoever wants one executed now."""

    def __init__(self, store: Store, schedules: Schedules, client: GuardedClient, clock: Clock) -> None:
        self._store = store
        self._schedules = schedules
        self._client = client
        self._clock = clock

    async def run(self, queue: str, claimed: ClaimedJob) -> Outcome:
        """An answer below 400 is a success; after one below 500 there is no other attempt."""
        job = claimed.job
        schedule = await until_answered(lambda: self._due(queue, claimed))
        if schedule is None:
            return Completed(_NOTHING)
        await until_answered(lambda: self._carry(schedule, job.id))
        called = await self.call(schedule, job.id)
        last = job.attempts_made + 1 >= (job.opts.get("attempts") or 1)
        over = is_success(called) or is_final(called) or last
        await until_answered(lambda: self._written(schedule.id, job.id, called, over=over))
        if is_success(called):
            return Completed(_encode({"status": called.status}))
        return Failed(called.reason, unrecoverable=over)

    async def execute(self, schedule: Schedule, execution: str) -> Called:
        """Now, once, and without counting."""
        called = await self.call(schedule, execution)
        await self._schedules.executions.called(schedule.id, self._clock(), _error(called))
        return called

    async def call(self, schedule: Schedule, execution: str) -> Called:
        """Make the call, and nothing else."""
        endpoint, begun = schedule.endpoint, time.perf_counter()
        body = _body(endpoint)
        headers = _headers(endpoint, body, {"X-Schedule-Id": schedule.id, "X-Job-Id": execution})
        answer, error, refused = None, None, False
        try:
            answer = await self._client.send(endpoint.method, endpoint.url, headers, body, endpoint.timeout / 1000)
        except NotCalled as why:
            error, refused = str(why), isinstance(why, Refused)
        return Called(answer, error, round((time.perf_counter() - begun) * 1000), refused)

    async def _due(self, queue: str, claimed: ClaimedJob) -> Schedule | None:
        """None: nothing is to be called for the job any more; then nothing makes such jobs any more either."""
        kept = self._schedules.kept
        await kept.refresh()
        found = kept.get(_schedule_id(claimed.job.data))
        if found is not None and found.queue == queue and (found.enabled or found.over):
            return found
        if isinstance(claimed.job.repeat_job_key, str):
            await self._store.schedulers.remove(queue, claimed.job.repeat_job_key)
        return None

    async def _carry(self, schedule: Schedule, job_id: str) -> None:
        """A job whose card was lost on the way gets another."""
        (card,) = await self._store.job_index.cards([(schedule.queue, job_id)])
        if card is None:
            await self._store.job_index.put([card_of(schedule, job_id, self._clock())])

    async def _written(self, schedule_id: str, job_id: str, called: Called, *, over: bool) -> None:
        schedules, now = self._schedules, self._clock()
        await schedules.kept.refresh()
        schedule = schedules.kept.get(schedule_id)
        if schedule is None:
            return
        if not over:
            await schedules.executions.called(schedule_id, now, _error(called))
            return
        await schedules.end_if_over(schedule, now)
        await schedules.executions.ended(schedule_id, job_id, now, _error(called))


def is_success(called: Called) -> bool:
    return called.status is not None and called.status < 400


def is_final(called: Called) -> bool:
    """Whether another attempt would get the same answer."""
    return called.refused or (called.status is not None and 400 <= called.status < 500)


def _error(called: Called) -> str | None:
    return None if is_success(called) else called.reason


def _schedule_id(data: Any) -> str:
    """Empty for what somebody else has put into the queue."""
    try:
        return _decode(data).schedule_id
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return ""


def _body(endpoint: ScheduledEndpoint) -> bytes:
    if endpoint.body is None:
        return b""
    return endpoint.body.encode() if isinstance(endpoint.body, str) else _encode(endpoint.body)


def _headers(endpoint: ScheduledEndpoint, body: bytes, about: dict[str, str]) -> dict[str, str]:
    """The endpoint's own go over all others."""
    headers = {"User-Agent": _AGENT, **about, **({"Content-Type": "application/json"} if body else {})}
    given = {name.lower() for name in endpoint.headers}
    return {**{name: value for name, value in headers.items() if name.lower() not in given}, **endpoint.headers}
