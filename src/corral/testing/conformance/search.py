"""search: pages of jobs that stay in step while the jobs move."""

from corral.model.errors import InvalidInput
from corral.model.job import NewJob
from corral.store.search import Search
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, fail, value

EVERY = ("waiting", "active", "delayed", "prioritized", "waiting-children", "completed", "failed")


async def every_state_is_listed(store: Store) -> None:
    await add(store, {}, {}, {}, {"delay": 5}, {"priority": 1})
    done, broken, _ = await claim(store, 3)
    await complete(store, [done])
    await fail(store, [broken])
    await add(store, {})
    page = await store.search.page(QUEUE, Search(EVERY), None, 100)
    assert [(job.id, job.state) for job in page.jobs] == [
        ("6", "waiting"),
        ("3", "active"),
        ("4", "delayed"),
        ("5", "prioritized"),
        ("1", "completed"),
        ("2", "failed"),
    ]
    assert page.cursor is None


async def a_page_shows_whole_jobs(store: Store) -> None:
    await add(store, {"attempts": 3, "delay": 7})
    (job,) = (await store.search.page(QUEUE, Search(EVERY), None, 1)).jobs
    assert (job.name, value(job.data), job.opts) == ("job 0", {"n": 0}, {"attempts": 3, "delay": 7})
    assert (job.timestamp, job.delay, job.queue_qualified_name) == (NOW, 7, f"{store.prefix}:{QUEUE}")


async def both_directions_go_through_all(store: Store) -> None:
    await add(store, *[{} for _ in range(7)])
    await _goes_through_all(store, "waiting")
    held = await claim(store, 7)
    await _goes_through_all(store, "active")
    for after, one in enumerate(held):
        await complete(store, [one], now=NOW + after)
    await _goes_through_all(store, "completed")


async def equals_stand_in_one_order(store: Store) -> None:
    """All end in the same millisecond."""
    await add(store, *[{"jobId": f"j{i}"} for i in range(40)])
    await complete(store, await claim(store, 40))
    up = await _walk(store, Search(("completed",), asc=True), 7)
    assert sorted(up) == sorted(f"j{i}" for i in range(40))
    assert await _walk(store, Search(("completed",)), 3) == up[::-1]


async def a_sorted_page_stays_in_step(store: Store) -> None:
    """Jobs come and go at both ends and where the page ended."""
    await add(store, *[{"delay": 1000 * i} for i in range(1, 21)])
    first = await store.search.page(QUEUE, Search(("delayed",), asc=True), None, 5)
    assert [job.id for job in first.jobs] == list("12345")
    for gone in ("1", "5", "4"):
        await store.job_moves.promote(QUEUE, gone)
    await add(store, {"delay": 1}, {"delay": 100_000})
    rest = await _walk(store, Search(("delayed",), asc=True), 5, first.cursor)
    assert rest == [str(id) for id in range(6, 21)] + ["22"]


async def a_list_stays_in_step_while_workers_take(store: Store) -> None:
    for asc in (True, False):
        queue = "up" if asc else "down"
        await add(store, *[{} for _ in range(30)], queue=queue)
        search = Search(("waiting",), asc=asc)
        page = await store.search.page(queue, search, None, 10)
        await add(store, {}, {}, {}, queue=queue)
        await claim(store, 4, queue=queue)
        rest = await _walk(store, search, 10, page.cursor, queue)
        seen = {job.id for job in page.jobs} | set(rest)
        assert seen >= {str(id) for id in range(5, 31)}
        assert len(rest) == len(set(rest))
        assert not set(rest) & {job.id for job in page.jobs}


async def a_list_is_found_again_when_the_page_is_gone(store: Store) -> None:
    for asc in (True, False):
        queue = "up" if asc else "down"
        await add(store, *[{} for _ in range(30)], queue=queue)
        search = Search(("waiting",), asc=asc)
        page = await store.search.page(queue, search, None, 10)
        for job in page.jobs:
            await store.job_moves.remove(queue, job.id, False)
        await add(store, {}, queue=queue)
        rest = await _walk(store, search, 10, page.cursor, queue)
        left = {str(id) for id in range(1, 31)} - {job.id for job in page.jobs}
        assert set(rest) - {"31"} == left


async def a_walk_ends_although_the_queue_turns_over(store: Store) -> None:
    for asc in (True, False):
        queue = "up" if asc else "down"
        await add(store, *[{} for _ in range(20)], queue=queue)
        search = Search(("waiting",), asc=asc)
        cursor, pages = None, 0
        while cursor is not None or not pages:
            page = await store.search.page(queue, search, cursor, 5)
            await complete(store, await claim(store, 20, queue=queue), queue=queue)
            await add(store, *[{} for _ in range(20)], queue=queue)
            cursor, pages = page.cursor, pages + 1
            assert pages < 40


async def it_can_be_narrowed(store: Store) -> None:
    await store.jobs.add(QUEUE, [_named("mail", "m-1"), _named("sms", "s-1")], NOW)
    await store.jobs.add(QUEUE, [_named("mail", "m-2"), _named("sms", "s-2")], NOW + 1000)
    searches = {
        Search(EVERY, name="mail"): ["m-2", "m-1"],
        Search(EVERY, id_prefix="s-"): ["s-2", "s-1"],
        Search(EVERY, id_prefix="s-", name="mail"): [],
        Search(EVERY, added=(NOW, NOW + 1000)): ["s-1", "m-1"],
        Search(EVERY, added=(NOW + 1, None)): ["s-2", "m-2"],
        Search(EVERY, added=(None, NOW)): [],
        Search(EVERY, name="mail", added=(NOW + 1, None)): ["m-2"],
        Search(("completed",), name="mail"): [],
    }
    for search, expected in searches.items():
        assert await _walk(store, search, 1) == expected, search


async def it_can_be_narrowed_by_the_end(store: Store) -> None:
    await add(store, *[{} for _ in range(6)])
    held = await claim(store, 5)
    for i, one in enumerate(held):
        await (fail if i == 4 else complete)(store, [one], now=NOW + i * 1000)
    for asc in (True, False):
        search = Search(EVERY, finished=(NOW + 1000, NOW + 3000), asc=asc)
        assert await _walk(store, search, 1) == (["2", "3"] if asc else ["3", "2"])
        assert await _walk(store, Search(EVERY, finished=(NOW + 4000, None), asc=asc), 1) == ["5"]
        assert await _walk(store, Search(EVERY, finished=(None, NOW + 1000), asc=asc), 5) == ["1"]
        assert await _walk(store, Search(("waiting",), finished=(NOW, None), asc=asc), 5) == []


async def a_page_looks_at_a_bounded_number_of_jobs(store: Store) -> None:
    await add(store, *[{} for _ in range(1500)])
    await store.jobs.add(QUEUE, [_named("rare", "r")], NOW)
    search = Search(EVERY, name="rare", asc=True)
    first = await store.search.page(QUEUE, search, None, 10)
    assert first.jobs == []
    assert first.cursor is not None
    assert await _walk(store, search, 10, first.cursor) == ["r"]


async def a_foreign_cursor_is_refused(store: Store) -> None:
    await add(store, {}, {}, {})
    page = await store.search.page(QUEUE, Search(("waiting",)), None, 1)
    assert page.cursor is not None
    for cursor, search in (
        (page.cursor, Search(("waiting",), asc=True)),
        (page.cursor, Search(("active",))),
        (page.cursor[:-4], Search(("waiting",))),
        ("", Search(("waiting",))),
        ("W10", Search(("waiting",))),
        ("%", Search(("waiting",))),
    ):
        try:
            await store.search.page(QUEUE, search, cursor, 1)
        except InvalidInput:
            continue
        raise AssertionError(f"{cursor!r} was taken")


async def _walk(store: Store, search: Search, limit: int, cursor: str | None = None, queue: str = QUEUE) -> list[str]:
    """The ids on all pages from the cursor on."""
    found: list[str] = []
    begun = False
    while cursor is not None or not begun:
        page = await store.search.page(queue, search, cursor, limit)
        assert len(page.jobs) <= limit
        found += [job.id for job in page.jobs]
        cursor, begun = page.cursor, True
    return found


async def _goes_through_all(store: Store, state: str) -> None:
    for limit in (1, 2, 3, 7, 50):
        assert await _walk(store, Search((state,), asc=True), limit) == list("1234567")
        assert await _walk(store, Search((state,)), limit) == list("7654321")


def _named(name: str, id: str) -> NewJob:
    return NewJob(name, b"{}", {"attempts": 0, "jobId": id})
