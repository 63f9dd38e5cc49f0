"""Schedulers that corral makes, changes, carries on and removes are those of BullMQ 6, at the same moments."""

import json
from typing import Any

import msgspec
import pytest

from corral.lifecycle.schedule import advance, put_scheduler
from corral.model.outcome import Completed
from corral.model.scheduler import Scheduler
from corral.operations.schedulers import shown
from corral.policy.scheduling import new_scheduler, template_options
from corral.store.jobs import ClaimRequest, Finished
from corral.stores.redis.store import RedisStore
from tests.interop.child import Node
from tests.stores.redis.dumps import Dump, dump

NOW = 1_795_000_000_000
MINUTE, DAY = 60_000, 86_400_000

REPEATS: dict[str, dict[str, Any]] = {
    "every": {"every": MINUTE},
    "every with offset": {"every": MINUTE, "offset": 7000},
    "every with start": {"every": 90_000, "startDate": NOW + 3 * MINUTE, "limit": 5},
    "every with end": {"every": MINUTE, "endDate": "2026-12-01T00:00:00.000Z", "immediately": True},
    "pattern": {"pattern": "*/30 * * * *"},
    "seconds and zone": {"pattern": "15 30 7 * * MON-FRI", "tz": "Europe/Berlin", "limit": 3},
    "pattern at once": {"pattern": "0 0 1 * *", "immediately": True},
    "pattern with dates": {"pattern": "@daily", "startDate": "2027-01-01", "endDate": 1_830_000_000_000},
    "pattern with offset": {"pattern": "*/5 * * * *", "offset": 777},
}
TEMPLATES: dict[str, dict[str, Any]] = {
    "none": {},
    "data": {"name": "report", "data": {"of": ["ä", 1.5, None]}},
    "options": {
        "data": 5,
        "opts": {"attempts": 3, "backoff": 500, "priority": 2, "removeOnComplete": {"count": 3}, "keepLogs": 7},
    },
    "more options": {"data": {}, "opts": {"lifo": True, "removeOnFail": True, "deduplication": {"id": "d"}}},
}


class Sides:
    """The same steps by corral, under one prefix, and by Node, under another, with clocks that stand still."""

    def __init__(self, store: RedisStore, node: Node, redis: Any) -> None:
        self.store, self.node, self.redis = store, node, redis
        self.theirs = f"{store.prefix}n"
        self.now = NOW

    async def put(self, repeat: dict[str, Any], template: dict[str, Any]) -> None:
        data = json.dumps(template.get("data", {}), separators=(",", ":"), ensure_ascii=False).encode()
        opts = template_options(template.get("opts", {}))
        new = new_scheduler("s:1", template.get("name", "s:1"), data, repeat, opts, self.now)
        _, ours = await put_scheduler(self.store, "mail", new, self.now)
        code = "return (await q.upsertJobScheduler('s:1', repeat, template)).id"
        assert ours.id == await self.at_now(code, repeat=repeat, template=template)
        self.assert_alike()

    async def work(self) -> None:
        """Claim one job and complete it; what makes the next one comes between."""
        request = ClaimRequest(count=1, owner="w", serial=0, lock_ms=30_000)
        for claimed in (await self.store.jobs.claim("mail", request, self.now)).jobs:
            await advance(self.store, "mail", claimed, self.now)
            problems, _ = await self.store.jobs.finish(
                "mail", [Finished(claimed, Completed(b'"done"'))], None, self.now
            )
            assert problems == [None]
        await self.at_now(
            """
            const one = worker('mail', prefix, null, { autorun: false });
            const job = await one.getNextJob('token', { block: false });
            await job?.moveToCompleted('done', 'token', false);
            """
        )
        self.assert_alike()

    async def remove(self) -> None:
        assert await self.store.schedulers.remove("mail", "s:1")
        assert await self.at_now("return await q.removeJobScheduler('s:1')")
        self.assert_alike()

    async def at_now(self, code: str, **args: Any) -> Any:
        """Run it in Node at `now`."""
        return await self.node.run(
            f"""
            const Real = globalThis.Date;
            globalThis.Date = class extends Real {{
              constructor(...args) {{ super(...(args.length ? args : [now])); }}
              static now() {{ return now; }}
            }};
            try {{
              const q = kept.q ??= queue('mail', prefix, {{ skipMetasUpdate: true }});
              {code}
            }} finally {{ globalThis.Date = Real; }}
            """,
            prefix=self.theirs,
            now=self.now,
            **args,
        )

    def assert_alike(self) -> None:
        ours, theirs = (self._dump(prefix) for prefix in (self.store.prefix, self.theirs))
        assert ours == theirs
        assert ours["events"]

    def _dump(self, prefix: str) -> Dump:
        found = dump(self.redis, f"{prefix}:mail:")
        for name in list(found):
            if name.endswith(":lock") or name.startswith(("metrics:", "stalled-check")):
                del found[name]
        return found


@pytest.fixture
def sides(store: RedisStore, node: Node, redis: Any) -> Sides:
    return Sides(store, node, redis)


@pytest.mark.parametrize("template", TEMPLATES.values(), ids=TEMPLATES.keys())
@pytest.mark.parametrize("repeat", REPEATS.values(), ids=REPEATS.keys())
async def test_making_changing_and_removing(sides: Sides, repeat: dict[str, Any], template: dict[str, Any]) -> None:
    await sides.put(repeat, template)
    sides.now += 1234
    await sides.put(repeat, template)
    sides.now += 2 * MINUTE
    await sides.put({"every": 2 * MINUTE}, template)
    sides.now += 10
    await sides.put({"pattern": "*/7 * * * *", "tz": "Asia/Tokyo"}, {})
    await sides.remove()


@pytest.mark.parametrize("repeat", REPEATS.values(), ids=REPEATS.keys())
async def test_carrying_on(sides: Sides, repeat: dict[str, Any]) -> None:
    await sides.put(repeat, TEMPLATES["data"])
    for _ in range(5):
        stored = await sides.store.schedulers.get("mail", "s:1")
        assert stored is not None
        runs = shown(stored, sides.now).next_runs
        if not runs:
            break
        sides.now = max(sides.now, runs[0])
        await sides.work()
    await sides.put({"every": MINUTE, "limit": 2}, {})
    await sides.work()


async def test_late_workers(sides: Sides) -> None:
    for repeat in ({"every": MINUTE}, {"every": MINUTE, "offset": 20_000}, {"pattern": "* * * * *"}):
        await sides.put(repeat, {})
        for late in (0, 1, 59_999, 10 * MINUTE + 17, 3 * DAY):
            sides.now += MINUTE + late
            await sides.work()
        await sides.remove()


async def test_changing_while_the_job_runs(sides: Sides) -> None:
    await sides.put({"every": MINUTE}, {})
    await sides.work()
    sides.now += 5
    await sides.put({"every": MINUTE}, TEMPLATES["data"])
    sides.now += MINUTE
    await sides.work()


@pytest.mark.parametrize("repeat", REPEATS.values(), ids=REPEATS.keys())
async def test_showing(store: RedisStore, node: Node, repeat: dict[str, Any]) -> None:
    """One scheduler, made by Node and seen by both, and the other way round."""
    template = {"name": "report", "data": {"n": 1}, "opts": {"attempts": 2, "keepLogs": 3}}
    await node.run(
        "await queue('mail', prefix).upsertJobScheduler('theirs', repeat, template)",
        prefix=store.prefix,
        repeat=repeat,
        template=template,
    )
    opts = template_options(template["opts"])
    new = new_scheduler("ours", "report", b'{"n":1}', repeat, opts, NOW)
    await put_scheduler(store, "mail", new, NOW)
    for key in ("ours", "theirs"):
        seen = await node.run("return await queue('mail', prefix).getJobScheduler(key)", prefix=store.prefix, key=key)
        stored = await store.schedulers.get("mail", key)
        assert stored is not None
        assert _decoded(stored.scheduler) == seen
    listed = await node.run("return await queue('mail', prefix).getJobSchedulers(0, -1, true)", prefix=store.prefix)
    ours = await store.schedulers.between("mail", 0, -1, True)
    assert [_decoded(one.scheduler) for one in ours] == listed


def _decoded(scheduler: Scheduler) -> Any:
    return msgspec.json.decode(msgspec.json.encode(scheduler))
