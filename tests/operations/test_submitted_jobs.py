"""A job and what was said of it are read at one time, as far as anybody can tell."""

from collections.abc import Awaitable, Callable
from typing import Any, cast

from corral.model.job_card import JobCard
from corral.operations.submitted_jobs import look_with_notes
from corral.store.store import Store
from corral.stores.redis.store import RedisStore
from corral.testing.conformance.given import NOW, add, claim, complete

Meanwhile = Callable[[], Awaitable[None]]


class Interrupted:
    """A store, or a room of it: after the first answer something else happens."""

    def __init__(self, within: Any, meanwhile: list[Meanwhile]) -> None:
        self._within, self._meanwhile = within, meanwhile

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._within, name)
        return self._answering(found) if callable(found) else Interrupted(found, self._meanwhile)

    def _answering(self, call: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        async def answer(*args: Any) -> Any:
            answered = await call(*args)
            if self._meanwhile:
                await self._meanwhile.pop()()
            return answered

        return answer


async def test_no_note_is_ahead_of_the_state(store: RedisStore, queue: str) -> None:
    """A job that ends while it is read is not shown active with the note of its end."""
    (job_id,) = await add(store, {}, queue=queue)
    card = JobCard(queue, job_id, "app", NOW)
    await store.job_index.put([card])
    held = await claim(store, 1, queue=queue)
    await store.job_index.merge(queue, job_id, {}, b"started")

    async def end() -> None:
        await complete(store, held, queue=queue)
        await store.job_index.merge(queue, job_id, {}, b"completed")

    _, state, notes = await look_with_notes(cast("Store", Interrupted(store, [end])), card)
    assert (state, notes) == ("completed", [b"started"])
    assert await store.job_index.notes(queue, job_id) == [b"started", b"completed"]
