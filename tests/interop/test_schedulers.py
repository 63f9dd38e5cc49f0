"""Repetitions: whoever made one, whoever runs its jobs carries it on."""

import itertools
from typing import Any

import pytest

from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointCall, EndpointServer, hold, response
from tests.interop.bull import Bull

EVERY = 80
SLOWLY = 200
"""For Node's Worker, which may be 100 ms late, and leaves out the slots that it is too late for."""


async def test_corral_carries_on_a_scheduler_of_node(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.register("mail", endpoint.url)
    template = {"name": "welcome", "data": {"to": "ann"}, "opts": {"attempts": 2}}
    await bull.run("await mail.upsertJobScheduler('tick', { every }, template)", every=EVERY, template=template)
    calls = await endpoint.take(4)
    slots = [_slot(call) for call in calls]
    gaps = _gaps(slots)
    assert all(gap > 0 and gap % EVERY == 0 for gap in gaps)  # after a run that was late, a slot is skipped
    for call in calls:
        assert (call.job["name"], call.job["data"], call.job["opts"]["attempts"]) == ("welcome", {"to": "ann"}, 2)
        assert (call.job["id"], call.job["repeatJobKey"]) == (f"repeat:tick:{_slot(call)}", "tick")
    scheduler = await bull.run("return mail.getJobScheduler('tick')")
    assert scheduler["every"] == EVERY
    assert scheduler["next"] > slots[-1]
    assert await bull.run("return mail.removeJobScheduler('tick')") is True
    await until(lambda: _is_idle(client))


async def test_corral_carries_on_a_pattern_of_node(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    await client.register("mail", endpoint.url)
    await bull.run(
        "await mail.upsertJobScheduler('tick', { pattern: '* * * * * *', tz: 'Asia/Kathmandu' }, { name: 'n' })"
    )
    slots = [_slot(call) for call in await endpoint.take(2)]
    assert slots[1] > slots[0]
    assert (slots[0] % 1000, slots[1] % 1000) == (0, 0)
    [scheduler] = await bull.run("return mail.getJobSchedulers()")
    assert (scheduler["pattern"], scheduler["tz"]) == ("* * * * * *", "Asia/Kathmandu")


@pytest.mark.parametrize("also_limit", [False, True])
async def test_limits_of_a_scheduler_hold(
    bull: Bull, client: Client, endpoint: EndpointServer, also_limit: bool
) -> None:
    repeat: dict[str, Any] = {"every": EVERY, "limit": 3} if also_limit else {"every": EVERY, "endDate": 0}
    code = """
        if (repeat.endDate === 0) repeat.endDate = Date.now() + 3 * repeat.every;
        await mail.upsertJobScheduler('tick', repeat, { name: 'welcome' });
    """
    await client.register("mail", endpoint.url)
    await bull.run(code, repeat=repeat)
    least = 3 if also_limit else 1  # after a late run slots are skipped, and the end may come
    await endpoint.take(least)
    await until(lambda: _is_idle(client))
    assert least <= len(endpoint.seen) <= (3 if also_limit else 4)


async def test_node_carries_on_a_repetition_of_corral(bull: Bull, client: Client) -> None:
    await bull.work("(kept.slots ??= []).push(job.id)")
    [first] = await client.add(
        "mail", {"name": "welcome", "data": {"to": "ann"}, "opts": {"repeat": {"every": SLOWLY, "key": "tick"}}}
    )
    assert first["id"].startswith("repeat:tick:")
    assert await bull.ran(3) == ["welcome"] * 3
    slots = [int(id.rsplit(":", 1)[1]) for id in (await bull.run("return kept.slots"))[:3]]
    assert all(gap > 0 and gap % SLOWLY == 0 for gap in _gaps(slots))
    [scheduler] = await bull.run("return mail.getJobSchedulers()")
    assert (scheduler["key"], scheduler["name"], scheduler["every"]) == ("tick", "welcome", SLOWLY)
    assert scheduler["template"]["data"] == {"to": "ann"}


async def test_both_sides_take_turns(bull: Bull, client: Client, endpoint: EndpointServer) -> None:
    """One series, run by an endpoint and by Node side by side, doubles no slot, and leaves out whole ones at most."""
    endpoint.script = hold
    await client.register("mail", endpoint.url)
    await bull.run("await mail.upsertJobScheduler('tick', { every }, { name: 'welcome' })", every=SLOWLY)
    first = await endpoint.next()
    await bull.work("(kept.slots ??= []).push(job.id)")
    await bull.ran(2)
    await bull.run("await kept.worker.close()")
    endpoint.script = lambda call: response()
    first.respond(response())
    await endpoint.take(2)
    ids = [call.job["id"] for call in endpoint.seen] + await bull.run("return kept.slots")
    assert len(set(ids)) == len(ids)
    gaps = _gaps(sorted(int(id.rsplit(":", 1)[1]) for id in ids))
    assert all(gap % SLOWLY == 0 for gap in gaps)


async def test_a_failing_iteration_is_tried_again_and_the_series_goes_on(
    bull: Bull, client: Client, endpoint: EndpointServer
) -> None:
    answers = iter([response(b"", "500 Broken")])
    endpoint.script = lambda call: next(answers, response())
    await client.register("mail", endpoint.url)
    code = "await mail.upsertJobScheduler('tick', { every }, { name: 'welcome', opts: { attempts: 2 } })"
    await bull.run(code, every=EVERY)
    calls = await endpoint.take(4)
    slots = [_slot(call) for call in calls]
    assert slots.count(slots[0]) == 2
    assert len(set(slots)) == 3


@pytest.mark.kinds("bullmq5")
@pytest.mark.parametrize("repeat", [{"every": 200}, {"pattern": "* * * * * *"}], ids=["every", "pattern"])
async def test_corral_carries_on_repeatable_jobs_of_node_5(
    bull: Bull, client: Client, endpoint: EndpointServer, repeat: dict[str, Any]
) -> None:
    """The older kind, whose data is only in its newest job; Node then goes on with it."""
    await client.register("mail", endpoint.url)
    await bull.run("await mail.add('welcome', { to: 'ann' }, { repeat })", repeat=repeat)
    slots = []
    for call in await endpoint.take(2):
        assert (call.job["name"], call.job["data"]) == ("welcome", {"to": "ann"})
        slots.append(_slot(call))
    gap = slots[1] - slots[0]
    assert gap > 0
    assert gap % repeat.get("every", 1000) == 0
    await client.call("DELETE", "/workers/mail")
    await bull.work("kept.data = job.data")
    await bull.ran(1)
    assert await bull.run("return kept.data") == {"to": "ann"}


def _gaps(slots: list[int]) -> list[int]:
    return [later - sooner for sooner, later in itertools.pairwise(slots)]


def _slot(call: EndpointCall) -> int:
    return int(call.job["id"].rsplit(":", 1)[1])


async def _is_idle(client: Client) -> bool:
    counts = await client.counts("mail")
    return not counts["waiting"] and not counts["active"] and not counts["delayed"]
