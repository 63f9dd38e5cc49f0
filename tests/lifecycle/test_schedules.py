"""Records of schedules and the BullMQ schedulers that go with them."""

import asyncio

import msgspec
import pytest

from corral.lifecycle import schedules as room
from corral.lifecycle.schedules import Schedules, job_data
from corral.model.errors import Forbidden, NameTaken
from corral.model.schedule import Schedule, Timing
from corral.stores.redis.store import RedisStore
from tests.lifecycle.schedules import NOW, known_schedules, schedule

LATER = NOW + 10_000


@pytest.fixture
async def known(store: RedisStore, queue: str) -> Schedules:
    return await known_schedules(store, queue)


async def put(known: Schedules, store: RedisStore, one: Schedule) -> Schedule:
    await known.add(one)
    await known.arrange(store, one, 0, NOW)
    return one


async def test_one_of_many_gets_the_name(known: Schedules, queue: str) -> None:
    made = [schedule(queue, queue) for _ in range(8)]
    results = await asyncio.gather(*(known.add(one) for one in made), return_exceptions=True)
    assert sorted(type(result).__name__ for result in results) == ["NameTaken"] * 7 + ["NoneType"]
    assert len(known.of(queue)) == 1


async def test_a_name_is_free_again(known: Schedules, store: RedisStore, queue: str) -> None:
    first, second = schedule(queue, queue, "a"), schedule(queue, queue, "b")
    await known.add(first)
    await known.add(second)
    with pytest.raises(NameTaken):
        await known.change(second.id, lambda found: msgspec.structs.replace(found, name="a"))
    assert known.kept.get(second.id) == second
    await known.change(first.id, lambda found: msgspec.structs.replace(found, name="c"))
    await known.add(schedule(queue, queue, "a"))
    await known.remove(store, second)
    await known.add(schedule(queue, queue, "b"))
    assert sorted(one.name for one in known.of(queue)) == ["a", "b", "c"]


async def test_a_name_that_nobody_has_is_no_hindrance(known: Schedules, queue: str) -> None:
    lost = schedule(queue, queue)
    await known.add(lost)
    await known.kept.remove(lost.id)
    await known.add(schedule(queue, queue))


async def test_there_are_not_too_many(known: Schedules, queue: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "MOST", 1)
    await known.add(schedule(queue, queue, "a"))
    with pytest.raises(Forbidden):
        await known.add(schedule(queue, queue, "b"))


async def test_the_next_job_has_a_card(known: Schedules, store: RedisStore, queue: str) -> None:
    made = await put(known, store, schedule(queue, queue, metadata={"kind": "daily"}))
    due = await known.next_run(made, NOW)
    (card,) = await store.job_index.cards([(queue, f"repeat:{made.id}:{due}")])
    assert card is not None
    assert (card.application, card.metadata, card.submitted_at) == (queue, {"kind": "daily"}, NOW)
    job = await store.jobs.get(queue, f"repeat:{made.id}:{due}")
    assert job is not None
    assert bytes(job.data) == job_data(made)


async def test_it_ends_when_nothing_comes(known: Schedules, store: RedisStore, queue: str) -> None:
    made = await put(known, store, schedule(queue, queue, timing=Timing(at=NOW + 10)))
    await known.end_if_over(made, NOW)
    assert known.kept.get(made.id) == made
    await store.schedulers.remove(queue, made.id)
    changed = await known.change(made.id, lambda found: msgspec.structs.replace(found, description="new"))
    await known.end_if_over(made, NOW + 20)
    assert known.kept.get(made.id) == changed  # somebody has changed it meanwhile
    assert changed is not None
    await known.end_if_over(changed, NOW + 20)
    over = known.kept.get(made.id)
    assert over is not None
    assert (over.enabled, over.over) == (False, True)


async def test_what_was_half_done_is_mended(known: Schedules, store: RedisStore, queue: str) -> None:
    lost, old, right, off = (schedule(queue, queue, name) for name in ("lost", "old", "right", "off"))
    await known.add(lost)
    for one in (old, right):
        await put(known, store, one)
    await known.add(msgspec.structs.replace(off, enabled=False))
    daily = Timing(cron="@daily", limit=9)
    await known.change(old.id, lambda found: msgspec.structs.replace(found, timing=daily))
    before = await store.schedulers.get(queue, right.id)
    await known.executions.ended(old.id, "1", NOW, None)
    await known.mend(LATER)
    for schedule_id, pattern in ((lost.id, "0 0 1 1 *"), (old.id, "@daily")):
        found = await store.schedulers.get(queue, schedule_id)
        assert found is not None
        assert found.scheduler.pattern == pattern
        assert found.repeat is not None
        assert found.repeat["count"] == (2 if schedule_id == old.id else 1)
    assert await store.schedulers.get(queue, right.id) == before
    assert await store.schedulers.get(queue, off.id) is None


async def test_what_somebody_may_be_about_to_do_is_left_to_them(
    known: Schedules, store: RedisStore, queue: str
) -> None:
    fresh = schedule(queue, queue)
    await known.add(fresh)
    await known.mend(LATER - 1)
    assert await store.schedulers.get(queue, fresh.id) is None
    await known.mend(LATER)
    assert await store.schedulers.get(queue, fresh.id) is not None


async def test_what_can_no_longer_run_is_ended(known: Schedules, queue: str) -> None:
    late = schedule(queue, queue, timing=Timing(cron="@daily", limit=1))
    await known.add(late)
    await known.executions.ended(late.id, "1", NOW, None)
    await known.mend(LATER)
    found = known.kept.get(late.id)
    assert found is not None
    assert (found.enabled, found.over) == (False, True)


async def test_what_is_of_nobody_goes(known: Schedules, store: RedisStore, queue: str) -> None:
    made = await put(known, store, schedule(f"gone-{queue}", queue))
    own = await put(known, store, schedule(queue, queue))
    operators = await put(known, store, schedule("master", queue, f"of {queue}"))
    await known.executions.ended(made.id, "1", NOW, None)
    await known.mend(LATER)
    assert [known.kept.get(one.id) is not None for one in (made, own, operators)] == [False, True, True]
    assert await store.schedulers.get(queue, made.id) is None
    assert (await known.executions.of(made.id)).count == 0
    await known.remove(store, operators)


async def test_all_of_an_application_end_with_it(known: Schedules, store: RedisStore, queue: str) -> None:
    made = [await put(known, store, schedule(queue, queue, name)) for name in ("a", "b")]
    await known.end_of(queue)
    assert known.of(queue) == []
    assert [await store.schedulers.get(queue, one.id) for one in made] == [None, None]
