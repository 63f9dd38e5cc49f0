"""finish: all outcomes of a call, and the claim after it, in one round trip and one transaction."""

from collections.abc import Sequence
from typing import Any

import msgspec

from corral.model.errors import CorralError, InvalidInput, NotInState, StoreUnavailable
from corral.model.job import ClaimedJob
from corral.model.outcome import AwaitingChildren, Completed, Failed, Postponed, Released
from corral.policy.backoff import retry_delay
from corral.policy.groups import group_of
from corral.policy.refusals import refusal
from corral.store.jobs import Claim, ClaimRequest, Finished
from corral.stores.postgres.claim import claim_args, read_claim
from corral.stores.postgres.database import Database, Row
from corral.stores.postgres.names import Names

_json = msgspec.json.Encoder().encode
_NO_CLAIM = (None,) * 7


class _End(msgspec.Struct, frozen=True, gc=False):
    """One outcome as the function takes it; the kinds are those of `settle`."""

    kind: str
    value: str | None = None
    trace: str | None = None
    delay: int | None = None
    keep: Any = None
    """Retention, where the job has ended for good."""


class Finisher:
    """The finish side of the Postgres store."""

    def __init__(self, database: Database, names: Names, metrics_points: int) -> None:
        self._database = database
        self._names = names
        self._points = metrics_points

    async def finish(
        self, queue: str, finished: Sequence[Finished], claim: ClaimRequest | None, now: int
    ) -> tuple[list[Exception | None], Claim | Exception | None]:
        try:
            rows = await self._send(queue, finished, claim, now)
        except StoreUnavailable as error:
            return [error] * len(finished), error if claim else None
        except CorralError as error:
            if len(finished) > 1:  # one broken job must not hold up the others of its batch
                return await self._each(queue, finished, now), error if claim else None
            return [error] * len(finished), error if claim else None
        refused = {row["place"]: row for row in rows if row["fact"] == "refused"}
        problems = [_problem(one.claimed, refused.get(place)) for place, one in enumerate(finished, 1)]
        return problems, read_claim(self._names, queue, claim, rows, now) if claim else None

    async def _each(self, queue: str, finished: Sequence[Finished], now: int) -> list[Exception | None]:
        problems: list[Exception | None] = []
        for one in finished:
            problems += (await self.finish(queue, [one], None, now))[0]
        return problems

    async def _send(
        self, queue: str, finished: Sequence[Finished], claim: ClaimRequest | None, now: int
    ) -> Sequence[Row]:
        ends = [_end(one) for one in finished]
        keeps = [_kept(end) for end in ends]
        return await self._database.rows(
            "finish",
            queue,
            now,
            self._points,
            [one.claimed.job.id for one in finished],
            [one.claimed.token for one in finished],
            [end.kind for end in ends],
            [end.value for end in ends],
            _column([end.trace for end in ends]),
            _column([end.delay for end in ends]),
            _column([bool(one.claimed.job.opts.get("lifo")) or None for one in finished]),
            _column([discard for discard, _, _ in keeps]),
            _column([age for _, age, _ in keeps]),
            _column([count for _, _, count in keeps]),
            *(claim_args(claim) if claim else _NO_CLAIM),
            *_groups(finished),
        )


def _end(one: Finished) -> _End:
    outcome, opts = one.outcome, one.claimed.job.opts
    match outcome:
        case Completed():
            keep = _first(opts.get("removeOnComplete"), one.keep_completed)
            return _End("completed", outcome.returnvalue.decode(errors="replace"), keep=keep)
        case Released():
            return _End("released")
        case Postponed():
            return _End("postponed", delay=outcome.delay)
        case AwaitingChildren():
            return _End("awaiting")
        case Failed():
            delay = None if outcome.unrecoverable else retry_delay(opts, one.claimed.job.attempts_made + 1)
            reason, trace = _storable(outcome.reason), _traces(one.claimed, outcome)
            if delay is None:
                return _End("failed", reason, trace, keep=_first(opts.get("removeOnFail"), one.keep_failed))
            return _End("delayed", reason, trace, delay) if delay else _End("retried", reason, trace)


def _first(of_job: Any, of_worker: Any) -> Any:
    """BullMQ's rule: the job's own wish first, then the worker's."""
    wish = of_worker if of_job is None else of_job
    return None if wish is msgspec.UNSET else wish


def _kept(end: _End) -> tuple[bool | None, int | None, int | None]:
    """Whether the job is removed at once, and else of what age (s) and up to what number such jobs are kept."""
    if end.keep is None or end.keep is False:
        return None, None, None
    rule = end.keep if isinstance(end.keep, dict) else {"count": 0 if end.keep is True else end.keep}
    age, count = rule.get("age"), rule.get("count")
    if count == 0:
        return True, None, None
    return None, None if age is None else int(age), None if count is None or count < 0 else int(count)


def _groups(finished: Sequence[Finished]) -> tuple[list[str | None] | None, bool]:
    """The jobs' groups, and whether one lets several run, by what the jobs say."""
    found = [group_of(one.claimed.job.opts) for one in finished]
    return _column([group and group[0] for group in found]), any(group and group[1] > 1 for group in found)


def _column(values: list[Any]) -> list[Any] | None:
    return values if any(value is not None for value in values) else None


def _traces(claimed: ClaimedJob, outcome: Failed) -> str:
    """One trace per attempt (the last `stackTraceLimit` of them, when that is set)."""
    traces = [*(claimed.job.stacktrace or []), outcome.stacktrace or f"Error: {outcome.reason}"]
    limit = claimed.job.opts.get("stackTraceLimit")
    if isinstance(limit, int) and limit >= 0:
        traces = traces[-limit:] if limit else []
    return _json([_storable(trace) for trace in traces]).decode()


def _storable(text: str) -> str:
    """Without what Postgres refuses in text: a failure has to be told, whatever was thrown."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


def _problem(claimed: ClaimedJob, row: Row | None) -> Exception | None:
    if row is None:
        return None
    job_id, code = claimed.job.id, row["amount"]
    if code is None:
        return InvalidInput(f"Postgres cannot store what became of job {job_id}: {row['words']}.")
    if code == 0:
        return NotInState(f"Job {job_id} has no children to wait for")
    return refusal(code, job_id, "moveToFinished")
