"""schedulers: each keeps one next job in the queue, and can be seen, changed and removed."""

from typing import Any

import msgspec

from corral.lifecycle.schedule import advance, put_scheduler
from corral.model.errors import InvalidInput
from corral.model.job import ClaimedJob
from corral.model.scheduler import StoredScheduler
from corral.policy.scheduling import new_scheduler
from corral.policy.upcoming import upcoming
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, claim, complete, counts, ids, value

MINUTE = 60_000


async def _put(store: Store, key: str, now: int = NOW, **repeat: Any) -> str:
    """The id of the next job."""
    new = new_scheduler(key, "tick", b'{"n":1}', repeat, {"attempts": 2}, now)
    return (await put_scheduler(store, QUEUE, new, now))[1].id


async def _get(store: Store, key: str) -> StoredScheduler:
    found = await store.schedulers.get(QUEUE, key)
    assert found is not None
    return found


async def _run_next(store: Store, now: int) -> ClaimedJob:
    """Claim the one job that is due, and do what a worker does."""
    (claimed,) = await claim(store, 5, now=now)
    await advance(store, QUEUE, claimed, now)
    await complete(store, [claimed], now=now)
    return claimed


async def the_first_job_of_an_interval_is_due_now(store: Store) -> None:
    job_id = await _put(store, "s", every=MINUTE)
    assert job_id == f"repeat:s:{NOW}"
    stored = await _get(store, "s")
    assert (stored.scheduler.every, stored.scheduler.next, stored.scheduler.iteration_count) == (MINUTE, NOW, 1)
    assert upcoming(stored, NOW) == [NOW + i * MINUTE for i in range(5)]
    claimed = await _run_next(store, NOW)
    assert (claimed.job.id, claimed.job.name, value(claimed.job.data)) == (job_id, "tick", {"n": 1})
    assert claimed.job.opts["attempts"] == 2


async def its_jobs_announce_themselves(store: Store) -> None:
    begin = await store.events.last_id(QUEUE)
    first = await _put(store, "s", every=MINUTE)
    await _put(store, "later", pattern="@yearly")
    await _run_next(store, NOW)
    events = [event for event in await store.events.since(QUEUE, begin, 20) if event.name in ("added", "delayed")]
    told = [(event.name, event.fields["jobId"].split(":")[1]) for event in events]
    assert told == [("added", "s"), *[(name, "later") for name in ("added", "delayed")],
                    *[(name, "s") for name in ("added", "delayed")]]  # fmt: skip
    assert (events[0].fields["jobId"], events[0].fields["name"]) == (first, "tick")
    assert events[-1].fields["delay"] == str(NOW + MINUTE)


async def every_job_makes_the_next(store: Store) -> None:
    await _put(store, "s", every=MINUTE)
    for turn in range(4):
        due = NOW + turn * MINUTE
        assert upcoming(await _get(store, "s"), due)[0] == due
        assert (await _run_next(store, due)).job.id == f"repeat:s:{due}"
        assert await claim(store, 5, now=due) == []
    stored = await _get(store, "s")
    assert (stored.scheduler.iteration_count, stored.scheduler.next) == (5, NOW + 4 * MINUTE)


async def a_pattern_runs_when_it_says(store: Store) -> None:
    midnight = NOW - NOW % (24 * 60 * MINUTE)
    await _put(store, "s", now=midnight, pattern="0 30 7 * * *", tz="Asia/Kolkata")
    due = midnight + 2 * 60 * MINUTE
    stored = await _get(store, "s")
    assert upcoming(stored, midnight) == [due + i * 24 * 60 * MINUTE for i in range(5)]
    assert (stored.scheduler.pattern, stored.scheduler.tz) == ("0 30 7 * * *", "Asia/Kolkata")
    assert await claim(store, 5, now=due - 1) == []
    await _run_next(store, due)
    assert upcoming(await _get(store, "s"), due)[0] == due + 24 * 60 * MINUTE


async def what_is_foretold_comes_true(store: Store) -> None:
    repeats: list[dict[str, Any]] = [
        {"every": MINUTE, "offset": 7000, "limit": 4},
        {"every": MINUTE, "endDate": NOW + 2 * MINUTE},
        {"every": MINUTE, "startDate": NOW + MINUTE, "limit": 3},
        {"pattern": "*/20 * * * * *", "limit": 5, "immediately": True},
        {"pattern": "*/20 * * * * *", "endDate": NOW + MINUTE},
        {"pattern": "*/20 * * * * *", "startDate": NOW + 5 * MINUTE, "tz": "America/New_York"},
    ]
    for number, repeat in enumerate(repeats):
        key = f"s{number}"
        await _put(store, key, **repeat)
        foretold = upcoming(await _get(store, key), NOW)
        assert foretold
        for index, due in enumerate(foretold):
            assert upcoming(await _get(store, key), due)[: len(foretold) - index] == foretold[index:]
            await _run_next(store, due)
        if len(foretold) < 5:
            assert upcoming(await _get(store, key), foretold[-1] + 1) == []
            assert await counts(store, "waiting", "delayed") == (0, 0)
        assert await store.schedulers.remove(QUEUE, key)


async def missed_intervals_are_not_made_up_for(store: Store) -> None:
    await _put(store, "s", every=MINUTE)
    late = NOW + 10 * MINUTE + 5
    aligned = NOW + 11 * MINUTE
    assert upcoming(await _get(store, "s"), late) == [NOW, *(aligned + i * MINUTE for i in range(4))]
    await _run_next(store, late)
    assert (await _get(store, "s")).scheduler.next == aligned


async def a_change_replaces_the_next_job(store: Store) -> None:
    await _put(store, "s", pattern="@hourly")
    before = await ids(store, "delayed")
    await _put(store, "s", pattern="@daily")
    after = await ids(store, "delayed")
    assert len(after) == 1
    assert after != before
    stored = await _get(store, "s")
    assert (stored.scheduler.pattern, stored.scheduler.iteration_count) == ("@daily", 1)
    assert await store.schedulers.count(QUEUE) == 1


async def a_job_that_runs_is_not_replaced(store: Store) -> None:
    await _put(store, "s", every=MINUTE)
    (claimed,) = await claim(store, 1)
    assert (await _get(store, "s")).started
    await _put(store, "s", now=NOW + 1, every=2 * MINUTE)
    await complete(store, [claimed], now=NOW + 2)
    assert await ids(store, "completed") == [claimed.job.id]
    assert upcoming(await _get(store, "s"), NOW + 1)[0] > NOW


async def removing_takes_the_next_job_along(store: Store) -> None:
    await _put(store, "s", pattern="@hourly")
    assert await store.schedulers.remove(QUEUE, "s")
    assert not await store.schedulers.remove(QUEUE, "s")
    assert await store.schedulers.get(QUEUE, "s") is None
    assert await counts(store, "waiting", "delayed") == (0, 0)


async def a_removed_scheduler_is_not_advanced(store: Store) -> None:
    await _put(store, "s", every=MINUTE)
    (claimed,) = await claim(store, 1)
    await store.schedulers.remove(QUEUE, "s")
    await advance(store, QUEUE, claimed, NOW)
    assert await counts(store, "waiting", "delayed") == (0, 0)


async def schedulers_are_listed_by_their_next_run(store: Store) -> None:
    for minutes in (3, 1, 2, 1):
        key = f"s{minutes}" if minutes > 1 else f"s1-{await store.schedulers.count(QUEUE)}"
        await _put(store, key, every=MINUTE, startDate=NOW + minutes * MINUTE)
    listed = ["s1-1", "s1-3", "s2", "s3"]
    assert await _keys(store.schedulers.between(QUEUE, 0, -1, True)) == listed
    assert await _keys(store.schedulers.between(QUEUE, 0, 1, False)) == ["s3", "s2"]
    assert await store.schedulers.between(QUEUE, 9, 12, True) == []
    for limit in (1, 2, 3, 4, 5):
        assert await _walk(store, limit) == listed
    assert await store.schedulers.count(QUEUE) == 4


async def none_is_left_out_while_they_run(store: Store) -> None:
    for number in range(6):
        await _put(store, f"s{number}", every=MINUTE)
    first = await store.schedulers.page(QUEUE, None, 3)
    (claimed, *_) = await claim(store, 6)
    assert claimed.job.repeat_job_key == "s0"
    for key in ("s2", "s0"):  # the last of the page and its first move on
        await _advance_key(store, key)
    rest, cursor = [], first.cursor
    while cursor is not None:
        page = await store.schedulers.page(QUEUE, cursor, 3)
        rest += [one.scheduler.key for one in page.schedulers]
        cursor = page.cursor
    assert {"s3", "s4", "s5"} <= set(rest)


async def foreign_cursors_are_refused(store: Store) -> None:
    for cursor in ("x", "eyJydW4iOiJuYW4iLCJrZXkiOiIifQ", ""):
        try:
            await store.schedulers.page(QUEUE, cursor, 3)
        except InvalidInput:
            continue
        raise AssertionError(cursor)


async def the_template_is_kept_as_given(store: Store) -> None:
    new = new_scheduler("s", "tick", b"{}", {"every": MINUTE}, {}, NOW)
    await store.schedulers.put(QUEUE, new, NOW)
    assert (await _get(store, "s")).scheduler.template is msgspec.UNSET
    await _put(store, "s", every=MINUTE)
    template = (await _get(store, "s")).scheduler.template
    assert isinstance(template, msgspec.Struct)
    assert value(msgspec.json.encode(template)) == {"data": {"n": 1}, "opts": {"attempts": 2}}


async def _advance_key(store: Store, key: str) -> None:
    scheduler = (await _get(store, key)).scheduler
    job = await store.jobs.get(QUEUE, f"repeat:{key}:{scheduler.next}")
    assert job is not None
    await advance(store, QUEUE, ClaimedJob(job, "token", NOW), NOW)


async def _keys(found: Any) -> list[str]:
    return [stored.scheduler.key for stored in await found]


async def _walk(store: Store, limit: int) -> list[str]:
    page = await store.schedulers.page(QUEUE, None, limit)
    keys = [stored.scheduler.key for stored in page.schedulers]
    while page.cursor is not None:
        page = await store.schedulers.page(QUEUE, page.cursor, limit)
        keys += [stored.scheduler.key for stored in page.schedulers]
    return keys
