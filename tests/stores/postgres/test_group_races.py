"""Groups that change while a place of theirs is passed on."""

import asyncio

from corral.model.job import NewJob
from corral.stores.postgres.store import PostgresStore
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, ids
from corral.testing.conformance.grouped import in_group, two_in_group
from corral.testing.waiting import until
from tests.stores.postgres.conftest import Connect

_WAITS = "SELECT count(*) FROM pg_locks WHERE NOT granted"


async def test_a_job_that_joins_as_the_place_becomes_free_gets_it(store: PostgresStore, connect: Connect) -> None:
    """Also where others, of groups before and after its own, end in the same call."""
    await add(store, in_group("a"), in_group("b"), in_group("c"), in_group("c"))
    held = await claim(store, 4)
    session = await connect()
    async with session.transaction():
        joined = await store.add_on(session, QUEUE, [NewJob("n", b"1", {"attempts": 0, **in_group("b")})], NOW)
        assert await ids(store, "waiting-children") == ["4"]
        ending = asyncio.ensure_future(complete(store, held))
        await until(lambda: session.fetchval(_WAITS))
        joined += await store.add_on(session, QUEUE, [NewJob("n", b"1", {"attempts": 0, **in_group("c")})], NOW)
    await ending
    assert await ids(store, "waiting") == ["4", joined[0]]
    assert await ids(store, "waiting-children") == [joined[1]]


async def test_a_job_that_is_due_as_the_place_becomes_free_gets_it(store: PostgresStore, connect: Connect) -> None:
    """It is a member already, so that its coming changes nothing but the line."""
    _, due = await add(store, in_group("a"), in_group("a", delay=5))
    held = await claim(store, 2)
    session = await connect()
    async with session.transaction():
        await session.execute("SELECT bullmq_corral.promote_groups($1, $2)", QUEUE, NOW + 10)
        ending = asyncio.ensure_future(complete(store, held))
        await until(lambda: session.fetchval(_WAITS))
    await ending
    assert await ids(store, "waiting") == [due]


async def test_a_place_that_is_passed_on_may_become_one_of_several(store: PostgresStore, connect: Connect) -> None:
    _, second, third = await add(store, in_group("a"), in_group("a"), in_group("a"))
    held = await claim(store, 4)
    session = await connect()
    async with session.transaction():
        (fourth,) = await store.add_on(session, QUEUE, [NewJob("n", b"1", {"attempts": 0, **two_in_group("a")})], NOW)
        ending = asyncio.ensure_future(complete(store, held))
        await until(lambda: session.fetchval(_WAITS))
    await ending
    assert await ids(store, "waiting") == [second, third]
    assert await ids(store, "waiting-children") == [fourth]
    group = await store.groups.get(QUEUE, "a")
    assert group is not None
    assert (group.running, group.waiting, group.limit) == (2, 1, 2)


async def test_nobody_overtakes_those_in_line(store: PostgresStore, connect: Connect) -> None:
    """Not even where a place was lost from the books."""
    first, second = await add(store, in_group("a"), in_group("a"))
    await complete(store, await claim(store, 1))
    session = await connect()
    await session.execute("UPDATE bullmq.job SET state = 'waiting-children' WHERE id = $1", second)
    await session.execute("UPDATE bullmq_corral.job_group SET held = 0, holder = NULL, called = 0")
    await session.execute("UPDATE bullmq_corral.group_job SET turn = NULL WHERE job_id = $1", first)
    (third,) = await add(store, in_group("a"))
    assert await ids(store, "waiting") == [second]
    assert await ids(store, "waiting-children") == [third]
