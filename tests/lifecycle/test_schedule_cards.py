"""The next job of a schedule is found before it runs."""

from corral.lifecycle.schedule import advance
from corral.lifecycle.schedule_cards import with_cards
from corral.model.schedule import Timing
from corral.store.jobs import ClaimRequest
from corral.stores.redis.store import RedisStore
from tests.lifecycle.schedules import NOW, known_schedules, schedule


async def test_the_job_after_this_one_has_a_card(store: RedisStore, queue: str) -> None:
    known = await known_schedules(store, queue)
    made = schedule(queue, queue, timing=Timing(cron="* * * * * *"), metadata={"kind": "daily"})
    await known.add(made)
    await known.arrange(store, made, 0, NOW)
    due = await known.next_run(made, NOW)
    assert due is not None
    request = ClaimRequest(count=1, owner="w", serial=0, lock_ms=30_000)
    (claimed,) = (await store.jobs.claim(queue, request, due)).jobs
    seen = with_cards(store, known)
    await advance(seen, queue, claimed, due)
    following = f"repeat:{made.id}:{due + 1000}"
    assert await seen.jobs.get(queue, following)
    first, (card,) = claimed.job, await store.job_index.cards([(queue, following)])
    assert card is not None
    assert (card.job_id != first.id, card.application, card.metadata) == (True, queue, {"kind": "daily"})


async def test_others_have_schedulers_without_cards(store: RedisStore, queue: str) -> None:
    known = await known_schedules(store, queue)
    strange = schedule(queue, queue, timing=Timing(cron="* * * * * *"))
    await known.arrange(store, strange, 0, NOW)  # a scheduler, and no such schedule
    due = await known.next_run(strange, NOW)
    assert due is not None
    request = ClaimRequest(count=1, owner="w", serial=0, lock_ms=30_000)
    (claimed,) = (await store.jobs.claim(queue, request, due)).jobs
    await advance(with_cards(store, known), queue, claimed, due)
    following = f"repeat:{strange.id}:{due + 1000}"
    assert await store.jobs.get(queue, following)
    assert await store.job_index.cards([(queue, following)]) == [None]
