"""What a definition does for those who enqueue: register, enqueue, wait for a result, cancel."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, Generic, Protocol, TypeVar, Unpack, cast

import msgspec

from corral.library import cancelling, repeats
from corral.library.context import Context
from corral.library.events import JobEnqueue
from corral.library.naming import queue_of
from corral.library.options import EnqueueOptions, Terms, job_options
from corral.library.payloads import Codec
from corral.library.signatures import Signature
from corral.model.errors import InvalidInput, JobFailed
from corral.model.job import NewJob
from corral.store.store import Store

P = TypeVar("P")
R = TypeVar("R")

_BATCH = 1_000


class Enqueueing(Generic[P, R]):
    """The part of `JobDefinition` that needs no worker."""

    name: str
    context: Context
    terms: Terms
    signature: Signature
    payload: Codec
    result: Codec
    work_function: Callable[..., Any]

    async def register(self) -> None:
        """Let the workers and orchestrators of this context work on these jobs, from now on and from before.

        Raises `InvalidInput` when the context has another definition of that name.
        """
        registered = self.context.registered
        if self.name in registered:
            raise InvalidInput(f"Job definition with name '{self.name}' already exists")
        registered[self.name] = self
        try:
            await repeats.store_repeat(await self.context.store(), self.name, self.terms, self.context.clock())
        except BaseException:
            del registered[self.name]
            raise
        self.context.announce()

    async def enqueue(self, payload: P, **given: Unpack[EnqueueOptions]) -> str:
        """Store a job and return its id. It need not be registered here.

        With `connection` the job is there when the transaction commits. Raises `InvalidInput` for a payload that
        is not of the type, `StoreUnavailable`.
        """
        return (await self._add([payload], given))[0]

    async def enqueue_many(self, payloads: Iterable[P], **given: Unpack[EnqueueOptions]) -> list[str]:
        """Store a job for each payload, up to 1,000 in one round trip, each thousand all or none; their ids."""
        every = list(payloads)
        ids: list[str] = []
        for start in range(0, len(every), _BATCH):
            ids += await self._add(every[start : start + _BATCH], given)
        return ids

    async def wait(self, job_id: str, *, seconds: float, channel: str | None = None) -> R:
        """What the job returned, once it has. `channel` if it was enqueued with another than the definition's.

        Raises `JobFailed` with the reason of its failure, `TimeoutError` when it has not ended after `seconds`,
        `JobNotFound`.
        """
        await self.context.store()
        queue = self._queue(channel)
        found = await self.context.results.wait(queue, job_id, seconds)
        if isinstance(found.returnvalue, msgspec.Raw):
            return cast(R, self.result.decode(found.returnvalue))
        if found.state == "failed":
            raise JobFailed(str(found.failed_reason))
        raise TimeoutError(f"Job {job_id} is {found.state} after {seconds:g} s")

    async def cancel(self, job_id: str, *, channel: str | None = None) -> bool:
        """End the job: one that waits is removed, one that runs anywhere is cancelled and finalized as failed.

        A running job learns of it within a second. False when it has ended already. Raises `JobNotFound`.
        """
        return await cancelling.cancel(await self.context.store(), self._queue(channel), job_id, self.context.clock())

    async def _add(self, payloads: Sequence[P], given: EnqueueOptions) -> list[str]:
        context = self.context
        queue = self._queue(given.get("channel"))
        jobs = [
            NewJob(self.name, self.payload.encode(payload), job_options(self.terms, payload, given))
            for payload in payloads
        ]
        store = context.opened or await context.store()
        if queue != self.name:
            await context.saw_channel(queue)
        connection = given.get("connection")
        add = store.jobs.add if connection is None else _adds_on(store, connection)
        ids = await add(queue, jobs, context.clock())
        if context.handlers:
            for job_id in ids:
                context.handlers.tell(JobEnqueue(job_id=job_id, job_name=self.name, queue=queue))
        return ids

    def _queue(self, channel: str | None) -> str:
        chosen = self.terms.channel if channel is None else channel
        return self.name if chosen is None else queue_of(self.name, chosen)


class _Adds(Protocol):
    def __call__(self, queue: str, jobs: Sequence[NewJob], now: int, /) -> Awaitable[list[str]]: ...


def _adds_on(store: Store, connection: Any) -> _Adds:
    add_on = getattr(store, "add_on", None)
    if add_on is None:
        raise InvalidInput("Only Postgres can add jobs in a transaction of yours: leave connection out")
    return lambda queue, jobs, now: add_on(connection, queue, jobs, now)
