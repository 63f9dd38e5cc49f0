"""add: jobs are stored all or none, in order, and the answer has their ids."""

import asyncio

from corral.model.errors import JobNotFound
from corral.model.job import NewJob
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, counts, ids, value


async def ids_count_up_in_order(store: Store) -> None:
    assert await add(store, {}, {}, {}) == ["1", "2", "3"]
    assert await add(store, {}) == ["4"]
    assert await add(store, {}, queue="another") == ["1"]
    assert [value(job.data)["n"] for job in await store.jobs.in_states(QUEUE, ["waiting"], 0, -1, True)] == [0, 1, 2, 0]


async def nothing_adds_nothing(store: Store) -> None:
    assert await store.jobs.add(QUEUE, [], NOW) == []
    assert await counts(store, "waiting") == (0,)


async def many_callers_each_get_their_own(store: Store) -> None:
    async def caller(number: int) -> list[str]:
        jobs = [NewJob(f"{number}", b"%d" % number, {"attempts": 0}) for _ in range(number % 3 + 1)]
        return await store.jobs.add(QUEUE, jobs, NOW + number)

    answers = await asyncio.gather(*(caller(number) for number in range(40)))
    for number, answer in enumerate(answers):
        assert len(answer) == number % 3 + 1
        for job_id in answer:
            job = await store.jobs.get(QUEUE, job_id)
            assert job is not None
            assert (job.name, job.timestamp) == (str(number), NOW + number)
    every = [job_id for answer in answers for job_id in answer]
    assert len(set(every)) == len(every) == (await counts(store, "waiting"))[0]


async def options_say_where_a_job_goes(store: Store) -> None:
    await add(store, {}, {"delay": 500}, {"priority": 9}, {"priority": 2, "delay": 700}, {"lifo": True})
    assert await counts(store, "waiting", "prioritized", "delayed") == (2, 1, 2)
    assert [held.job.id for held in await claim(store, 9)] == ["5", "1", "3"]
    assert await store.jobs.get(QUEUE, "2") is not None
    assert [held.job.id for held in await claim(store, 9, now=NOW + 700)] == ["2", "4"]


async def a_time_of_its_own_counts_for_the_delay(store: Store) -> None:
    await add(store, {"timestamp": NOW - 5000, "delay": 1000}, {"timestamp": NOW - 5000})
    jobs = [await store.jobs.get(QUEUE, job_id) for job_id in ("1", "2")]
    assert [job and job.timestamp for job in jobs] == [NOW - 5000, NOW - 5000]
    assert {held.job.id for held in await claim(store, 9)} == {"1", "2"}


async def a_known_id_is_answered_and_not_stored_again(store: Store) -> None:
    found = await add(store, {"jobId": "mine"}, {}, {"jobId": "mine"}, {"jobId": "other"})
    assert found == ["mine", found[1], "mine", "other"]
    assert await add(store, {"jobId": "mine", "priority": 3}) == ["mine"]
    assert await counts(store, "waiting", "prioritized") == (3, 0)
    await complete(store, await claim(store, 1))
    assert await add(store, {"jobId": "mine"}, {"jobId": "mine", "delay": 5}) == ["mine", "mine"]
    assert await counts(store, "waiting", "delayed", "completed") == (2, 0, 1)


async def a_deduplicated_job_answers_who_stands_in_its_way(store: Store) -> None:
    assert await add(store, {"deduplication": {"id": "d"}}) == ["1"]
    first, second, third = await add(store, {"deduplication": {"id": "d"}}, {}, {"deduplication": {"id": "e"}})
    assert (first, len({first, second, third})) == ("1", 3)
    assert await ids(store, "waiting") == ["1", second, third]


async def a_child_wants_its_parent(store: Store) -> None:
    try:
        await add(store, {"parent": {"id": "nobody", "queue": f"{store.prefix}:{QUEUE}"}})
    except JobNotFound:
        assert await counts(store, "waiting") == (0,)
    else:
        raise AssertionError("the parent of the job is not there")


async def text_of_every_kind_survives(store: Store) -> None:
    name, data = "\u00e4 \U0001f600 \"'\\ \n", '{"a":"\U0001f600 \\" \\\\ \\n \u2028"}'.encode()
    (job_id,) = await store.jobs.add(QUEUE, [NewJob(name, data, {"attempts": 0})], NOW)
    job = await store.jobs.get(QUEUE, job_id)
    assert job is not None
    assert (job.name, value(job.data)) == (name, value(data))
