"""Running jobs many at a time: one call to the endpoint carries a batch, one answer has an outcome per job."""

import asyncio
from collections.abc import Sequence

import msgspec

from corral.endpoints.call import BOM, DEFAULT_TIMEOUT_MS, TIMED_OUT, encode_call, judge_reply, prepare_target
from corral.endpoints.http import CallFailed, CallTimeout, HttpPool, HttpReply
from corral.model.endpoint import Batch, Endpoint
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed, Outcome

Pending = tuple[ClaimedJob, "asyncio.Future[Outcome]"]


class _Result(msgspec.Struct):
    id: str
    result: msgspec.Raw = msgspec.Raw(b"null")
    error: str | None = None
    retry: bool = True


class _Answer(msgspec.Struct):
    results: list[_Result]


_decode = msgspec.json.Decoder(_Answer).decode


class BatchCaller:
    """The runner of an endpoint that takes batches: jobs wait up to `maxWait` ms for others, up to `size` of them."""

    def __init__(self, endpoint: Endpoint, batch: Batch, pool: HttpPool) -> None:
        self._pool = pool
        self._size = batch.size
        self._max_wait = batch.max_wait / 1000
        self._timeout = (endpoint.endpoint.timeout or DEFAULT_TIMEOUT_MS) / 1000
        self._request = prepare_target(endpoint.endpoint)
        self._pending: list[Pending] = []
        self._timer: asyncio.TimerHandle | None = None
        self._calls: set[asyncio.Task[None]] = set()

    async def __call__(self, claimed: ClaimedJob) -> Outcome:
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[Outcome] = loop.create_future()
        self._pending.append((claimed, outcome))
        if len(self._pending) >= self._size:
            self._flush()
        elif self._timer is None:
            self._timer = loop.call_later(self._max_wait, self._flush)
        return await outcome

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        batch = [(claimed, outcome) for claimed, outcome in self._pending if not outcome.done()]
        self._pending = []
        if batch:
            call = asyncio.get_running_loop().create_task(self._call(batch))
            self._calls.add(call)
            call.add_done_callback(self._calls.discard)

    async def _call(self, batch: Sequence[Pending]) -> None:
        outcomes = await self._outcomes([claimed for claimed, _ in batch])
        for (_, pending), outcome in zip(batch, outcomes, strict=True):
            if not pending.done():
                pending.set_result(outcome)

    async def _outcomes(self, jobs: Sequence[ClaimedJob]) -> list[Outcome]:
        if isinstance(self._request, Failed):
            return [self._request] * len(jobs)
        body = b'{"jobs":[%b]}' % b",".join(encode_call(claimed) for claimed in jobs)
        try:
            reply = await self._pool.send(self._request, body, self._timeout)
        except CallTimeout:
            return [Failed(TIMED_OUT)] * len(jobs)
        except CallFailed as error:
            return [Failed(str(error))] * len(jobs)
        return _judge(reply, jobs)


def _judge(reply: HttpReply, jobs: Sequence[ClaimedJob]) -> list[Outcome]:
    """Each job's own outcome; one that the answer does not name has failed. It is JSON whatever its type says."""
    whole = judge_reply(reply)
    if not isinstance(whole, Completed):
        return [whole] * len(jobs)
    try:
        answer = _decode(reply.body.removeprefix(BOM))
    except (msgspec.DecodeError, RecursionError) as error:
        return [Failed(f"The endpoint's answer to a batch cannot be read: {error}")] * len(jobs)
    by_id = {one.id: one for one in answer.results}
    return [_outcome(by_id.get(claimed.job.id)) for claimed in jobs]


def _outcome(result: _Result | None) -> Outcome:
    if result is None:
        return Failed("The endpoint's answer has no result for this job")
    if result.error is not None:
        return Failed(result.error, unrecoverable=not result.retry)
    return Completed(bytes(result.result))
