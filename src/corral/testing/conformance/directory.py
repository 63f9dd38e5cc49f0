"""directory: which queues there are and what they hold."""

from corral.model.endpoint import Limiter
from corral.store.directory import NameQuery
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, fail


async def a_queue_is_listed_as_soon_as_it_holds_something(store: Store) -> None:
    assert await _names(store) == []
    await add(store, {}, queue="jobs")
    await store.queues.pause("paused")
    await store.queue_limits.set_concurrency("limited", 3)
    await store.queue_limits.set_rate_limit("slow", Limiter(1, 1000))
    await add(store, {"delay": 1000}, queue="later")
    assert await _names(store) == ["jobs", "later", "limited", "paused", "slow"]


async def looking_at_a_queue_does_not_make_it(store: Store) -> None:
    await store.queues.counts("nothing", ["waiting"])
    assert await store.directory.describe(["nothing"], NOW) == [None]
    assert await _names(store) == []


async def pages_go_through_all_names_in_order(store: Store) -> None:
    for number in range(7):
        await add(store, {}, queue=f"q{number}")
    pages, after = [], ""
    while True:
        names, end = await store.directory.names(NameQuery(3, after), NOW)
        pages.append(names)
        if end is None:
            break
        after = end
    assert pages == [["q0", "q1", "q2"], ["q3", "q4", "q5"], ["q6"]]


async def a_page_stays_where_it_was_while_queues_come_and_go(store: Store) -> None:
    for name in "bdf":
        await add(store, {}, queue=name)
    names, end = await store.directory.names(NameQuery(2), NOW)
    assert (names, end) == (["b", "d"], "d")
    await add(store, {}, queue="a")
    await add(store, {}, queue="e")
    await store.directory.forget(["d"])
    assert end is not None
    assert await store.directory.names(NameQuery(2, end), NOW) == (["e", "f"], None)


async def names_are_chosen_by_a_pattern(store: Store) -> None:
    for name in ("mail", "mail-2", "mail-10", "paint", "[mail", "mäil"):
        await add(store, {}, queue=name)
    assert await _names(store, "mail*") == ["mail", "mail-10", "mail-2"]
    assert await _names(store, "mail-?") == ["mail-2"]
    assert await _names(store, "*ai*") == ["[mail", "mail", "mail-10", "mail-2", "paint"]
    assert await _names(store, "m?il") == ["mail", "mäil"]
    assert await _names(store, "[mail") == ["[mail"]
    assert await _names(store, "mail-2") == ["mail-2"]
    assert await _names(store, "post*") == []


async def a_description_has_every_state_and_every_limit(store: Store) -> None:
    await add(store, {}, {}, {}, {}, {"priority": 2}, {"delay": 60_000})
    done, broken, _ = await claim(store, 3)
    await complete(store, [done])
    await fail(store, [broken])
    await store.queues.pause(QUEUE)
    await store.queue_limits.set_concurrency(QUEUE, 3)
    await store.queue_limits.set_rate_limit(QUEUE, Limiter(5, 1000))
    (info,) = await store.directory.describe([QUEUE], NOW)
    assert info is not None
    assert (info.name, info.paused, info.concurrency, info.rate_limit) == (QUEUE, True, 3, Limiter(5, 1000))
    assert info.counts == {
        "waiting": 1, "prioritized": 1, "active": 1, "delayed": 1, "waiting-children": 0, "completed": 1, "failed": 1,
    }  # fmt: skip


async def several_are_described_at_once(store: Store) -> None:
    await add(store, {}, queue="one")
    await add(store, {}, {}, queue="two")
    found = await store.directory.describe(["two", "none", "one"], NOW)
    assert [None if info is None else info.counts["waiting"] for info in found] == [2, None, 1]


async def _names(store: Store, pattern: str = "*") -> list[str]:
    names, end = await store.directory.names(NameQuery(100, pattern=pattern), NOW)
    assert end is None
    return names
