"""Questions about a queue do not look through the jobs of others, nor at those that it is not asked for."""

from typing import Any

import pytest

from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresStore
from tests.stores.postgres.conftest import Connect

QUEUE, NOW = "q5", 1_800_000_000_000
_FILL = """
INSERT INTO bullmq.job (queue, id, seq, name, state, added_at_ms, finished_at_ms, process_at_ms)
SELECT 'q' || n % 10, n::text, n, 'job', state::bullmq.job_state, n, $1::bigint + n, $1::bigint + n
FROM generate_series(1, 20000) AS n,
  LATERAL (SELECT CASE WHEN n % 20 < 16 THEN 'completed' WHEN n % 20 < 18 THEN 'waiting' ELSE 'delayed' END) AS s(state)
"""


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("counts", (QUEUE, ["waiting", "delayed", "active"])),
        ("finished_counts", ([QUEUE],)),
        ("counts_per_priority", (QUEUE, [0, 1])),
        ("delayed_before", (QUEUE, NOW)),
        ("is_maxed", (QUEUE,)),
        ("describe", ([QUEUE],)),
        ("queue_names", ("", 10)),
        ("events_since", (QUEUE, 0, 10)),
        ("events_unknown", (QUEUE, 0, [1, 2], 10)),
        ("trim_events", (QUEUE, 10)),
    ],
)
async def test_every_table_is_read_by_an_index(
    store: PostgresStore, connect: Connect, name: str, args: tuple[Any, ...]
) -> None:
    session = await connect()
    await session.execute(_FILL, NOW)
    await session.execute(
        "INSERT INTO bullmq.event (queue, event, created_at_ms) "
        "SELECT 'q' || n % 10, 'e', n FROM generate_series(1, 20000) AS n"
    )
    await session.execute("VACUUM ANALYZE bullmq.job, bullmq.event")
    plan = await session.fetch(f"EXPLAIN (COSTS OFF) {Schema.named().statement(name)}", *args)
    text = "\n".join(row[0] for row in plan)
    assert "Seq Scan on job" not in text, text
    assert "Seq Scan on event" not in text, text


async def test_counting_finished_jobs_touches_no_row_of_the_table(store: PostgresStore, connect: Connect) -> None:
    session = await connect()
    await session.execute(_FILL, NOW)
    await session.execute("VACUUM ANALYZE bullmq.job")
    statement = Schema.named().statement("finished_counts")
    plan = await session.fetch(f"EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF) {statement}", [QUEUE])
    text = "\n".join(row[0] for row in plan)
    assert "Index Only Scan using job_finished_idx" in text, text
    assert "Heap Fetches: 0" in text, text


async def test_cleaning_looks_at_the_oldest_alone(store: PostgresStore, connect: Connect) -> None:
    session = await connect()
    await session.execute(_FILL, NOW)
    gone = await store.queue_moves.clean(QUEUE, "completed", NOW * 2, 7)
    left = await session.fetchval(
        "SELECT min(finished_at_ms) FROM bullmq.job WHERE queue = $1 AND id = ANY($2)", QUEUE, gone
    )
    oldest = await session.fetchval(
        "SELECT min(finished_at_ms) FROM bullmq.job WHERE queue = $1 AND state = 'completed'", QUEUE
    )
    assert (len(gone), left) == (7, None)
    assert sorted(map(int, gone)) == [5 + 10 * n for n in range(7)]
    assert oldest > NOW + 65
