"""Waiting for the end of a job: one reader per queue and one look-up per event, however many wait."""

import asyncio
from collections.abc import Callable

from corral.lifecycle.watch import Feeds
from corral.model.errors import JobNotFound
from corral.model.result import JobResult
from corral.policy.json_body import json_or_text
from corral.store.events import QueueEvent
from corral.store.store import Store

_LINGER = 10.0  # seconds a queue is read on for those who wait next
_ENDED = ("completed", "failed")
_WORD = 0.1  # seconds for the word of an end to arrive after the job itself is seen to be gone

Ended = asyncio.Future[JobResult]


class Results:
    """Tells how jobs ended, as soon as they have."""

    def __init__(self, store: Store, feeds: Feeds) -> None:
        self._store = store
        self._feeds = feeds
        self._desks: dict[str, _Desk] = {}
        self._closed = False

    async def wait(self, queue: str, job_id: str, seconds: float) -> JobResult:
        """The result, or the state that the job is in after `seconds`. Raises `JobNotFound`, also when it is removed.

        No end is missed: whoever waits listens first and looks then. A job that is removed as it ends still has
        its result for those who wait at that moment.
        """
        if seconds <= 0 or self._closed:
            return await self._look(queue, job_id)
        desk = self._desk(queue)
        ended = desk.expect(job_id)
        try:
            async with asyncio.timeout(seconds):
                await desk.opened()
                return await self._end_of(queue, job_id, ended)
        except TimeoutError:
            return await self._look(queue, job_id)
        finally:
            desk.leave(job_id, ended)

    async def close(self) -> None:
        """Nobody waits any longer: all are told the state that their jobs are in."""
        self._closed = True
        desks, self._desks = list(self._desks.values()), {}
        for desk in desks:
            await desk.close()

    async def _end_of(self, queue: str, job_id: str, ended: Ended) -> JobResult:
        try:
            found = await self._store.job_details.result(queue, job_id)
        except JobNotFound:
            await asyncio.wait([ended], timeout=_WORD)
            if not ended.done():
                raise
            found = None
        return found or await ended

    async def _look(self, queue: str, job_id: str) -> JobResult:
        details = self._store.job_details
        while (found := await details.result(queue, job_id)) is None:
            state = await details.state(queue, job_id)
            if state not in _ENDED:  # else it ended between the two looks
                return JobResult(job_id, state)
        return found

    def _desk(self, queue: str) -> "_Desk":
        desk = self._desks.get(queue)
        if desk is None:
            desk = self._desks[queue] = _Desk(self._feeds, queue, lambda: self._desks.pop(queue, None))
        return desk


class _Desk:
    """Those who wait for jobs of one queue, by job."""

    def __init__(self, feeds: Feeds, queue: str, gone: Callable[[], object]) -> None:
        self._loop = asyncio.get_running_loop()
        self._gone = gone
        self._waiting: dict[str, list[Ended]] = {}
        self._idle: asyncio.TimerHandle | None = None
        self._subscribing = self._loop.create_task(feeds.subscribe(queue, self._heard))

    async def opened(self) -> None:
        """Wait until every later event is heard. Raises `TimeoutError` when that is not to be any more."""
        await asyncio.wait([self._subscribing])
        if self._subscribing.cancelled():
            raise TimeoutError

    def expect(self, job_id: str) -> Ended:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        ended: Ended = self._loop.create_future()
        self._waiting.setdefault(job_id, []).append(ended)
        return ended

    def leave(self, job_id: str, ended: Ended) -> None:
        if ended.done() and not ended.cancelled():
            ended.exception()  # nobody waits for it any more
        ended.cancel()
        waiting = self._waiting.get(job_id, [])
        if ended in waiting:
            waiting.remove(ended)
            if not waiting:
                del self._waiting[job_id]
        if not self._waiting and self._idle is None:
            self._idle = self._loop.call_later(_LINGER, self._retire)

    async def close(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        for ended in [one for waiting in self._waiting.values() for one in waiting]:
            if not ended.done():
                ended.set_exception(TimeoutError())
        self._unsubscribe()
        await asyncio.gather(self._subscribing, return_exceptions=True)

    def _retire(self) -> None:
        self._gone()
        self._unsubscribe()

    def _unsubscribe(self) -> None:
        subscribed = self._subscribing
        if not subscribed.cancel() and not subscribed.cancelled() and subscribed.exception() is None:
            subscribed.result()()

    def _heard(self, event: QueueEvent) -> None:
        waiting = self._waiting.get(event.fields.get("jobId", ""))
        if not waiting:
            return
        outcome = _outcome(event)
        for ended in waiting if outcome is not None else ():
            if ended.done():
                continue
            if isinstance(outcome, JobNotFound):
                ended.set_exception(outcome)
            elif outcome is not None:
                ended.set_result(outcome)


def _outcome(event: QueueEvent) -> JobResult | JobNotFound | None:
    job_id = event.fields["jobId"]
    match event.name:
        case "completed":
            return JobResult(
                job_id, "completed", returnvalue=json_or_text(event.fields.get("returnvalue", "").encode())
            )
        case "failed":
            return JobResult(job_id, "failed", failed_reason=event.fields.get("failedReason", ""))
        case "removed":
            return JobNotFound(f"Job {job_id} was removed")
        case _:
            return None
