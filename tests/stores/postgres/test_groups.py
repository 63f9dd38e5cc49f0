"""Groups on Postgres, where foreign programs have been at work."""

from corral.stores.postgres.store import PostgresStore
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, ids
from corral.testing.conformance.grouped import in_group
from tests.stores.postgres.conftest import Connect

GROUPS = 2_500


async def test_sweeps_come_to_every_group(store: PostgresStore, connect: Connect) -> None:
    """One looks at a thousand of them, the next goes on from there."""
    added = await add(store, *[in_group(f"g{n:04}") for _ in range(3) for n in range(GROUPS)])
    session = await connect()
    ready = [added[n] for n in (0, 1_500, GROUPS - 1)]
    for nth in (1, 2):
        await session.execute(
            "UPDATE bullmq.job SET state = 'completed', finished_at_ms = $2 WHERE id = ANY ($1)", ready, NOW
        )
        assert [(await store.groups.sweep(QUEUE, NOW)).moved for _ in range(3)] == [1, 1, 1]
        ready = (await ids(store, "waiting"))[-3:]
        assert ready == [added[nth * GROUPS + n] for n in (0, 1_500, GROUPS - 1)]


async def test_a_sweep_reads_no_more_than_it_looks_at(store: PostgresStore, connect: Connect) -> None:
    """Also where there are no statistics of the groups yet."""
    session = await connect()
    await add(store, *[in_group(f"g{n:04}") for _ in range(3) for n in range(GROUPS)])
    async with session.transaction():
        await session.execute("SELECT * FROM bullmq_corral.sweep_groups($1, $2, 1000, NULL)", QUEUE, NOW)
        read = await session.fetch(
            "SELECT relname, seq_tup_read + idx_tup_fetch AS rows FROM pg_stat_xact_user_tables"
            " WHERE relname IN ('job_group', 'group_job')"
        )
    assert {row["relname"]: row["rows"] <= GROUPS for row in read} == {"job_group": True, "group_job": True}


async def test_ids_that_begin_anew_leave_their_old_groups(store: PostgresStore, connect: Connect) -> None:
    """A foreign program has emptied the queue: what its jobs held and waited for is for those of today."""
    await add(store, {}, in_group("x"), in_group("x"), in_group("y"), in_group("y"))
    session = await connect()
    await session.execute("DELETE FROM bullmq.job")
    await session.execute("SELECT setval(('bullmq.' || bullmq.job_id_seq_name($1))::regclass, 1, false)", QUEUE)
    assert await add(store, {}, in_group("y"), in_group("z"), in_group("y")) == ["1", "2", "3", "4"]
    assert sorted(await ids(store, "waiting")) == ["1", "2", "3"]
    assert await ids(store, "waiting-children") == ["4"]
    assert await store.groups.get(QUEUE, "x") is None
    await complete(store, await claim(store, 9))
    assert await ids(store, "waiting") == ["4"]
