"""When a worker is told that a claim is worth a round trip."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from corral.lifecycle import intake as room
from corral.lifecycle.intake import Clock, Intake
from corral.store.jobs import Claim
from corral.stores.redis.store import RedisStore
from corral.testing.fault_proxy import FaultProxy
from tests.worker.conftest import OpenStore
from tests.worker.kit import add, now_ms

NOTHING = Claim(jobs=[])


class Woken:
    """An intake and the signs it has given."""

    def __init__(self, store: RedisStore, queue: str, clock: Clock) -> None:
        self._sign = asyncio.Event()
        self.has_room = True
        self.intake = Intake(store.jobs.waiter(queue), clock, self._sign.set, lambda: self.has_room)

    async def open(self) -> None:
        """Wait for the sign that opens it."""
        async with asyncio.timeout(30):
            while not self.intake.open:
                self._sign.clear()
                await self._sign.wait()


Watch = Callable[..., Woken]


@pytest.fixture
async def watch(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Watch]:
    """Makes an intake that does not look for itself, however long nobody gives it a sign."""
    monkeypatch.setattr(room, "_LONGEST", 300.0)
    made: list[Woken] = []

    def make(store: RedisStore, queue: str, clock: Clock = now_ms) -> Woken:
        made.append(Woken(store, queue, clock))
        return made[-1]

    yield make
    for woken in made:
        await woken.intake.close()


async def _blocked(store: RedisStore) -> None:
    """Until somebody waits in the engine."""
    async with asyncio.timeout(30):
        while b"blocked_clients:0\r\n" in await store.connection.send("INFO", "clients"):
            pass


async def test_is_open_until_a_claim_finds_less_than_it_asked_for(store: RedisStore, queue: str, watch: Watch) -> None:
    intake = watch(store, queue).intake
    assert intake.open
    intake.saw(NOTHING, asked=0, signs=0)
    assert intake.open
    intake.saw(NOTHING, asked=1, signs=0)
    assert not intake.open


async def test_a_new_job_opens_it(store: RedisStore, queue: str, watch: Watch) -> None:
    woken = watch(store, queue)
    woken.intake.saw(NOTHING, asked=1, signs=0)
    await _blocked(store)
    await add(store, queue)
    await woken.open()


async def test_a_sign_that_came_after_a_claim_was_sent_is_not_forgotten(
    store: RedisStore, queue: str, watch: Watch
) -> None:
    woken = watch(store, queue)
    intake = woken.intake
    intake.saw(NOTHING, asked=1, signs=0)
    sent = intake.signs  # another claim, on its way while the wait goes on
    await _blocked(store)
    await add(store, queue)
    await woken.open()
    intake.saw(NOTHING, asked=1, signs=sent)
    assert intake.open
    intake.saw(NOTHING, asked=1, signs=intake.signs)
    assert not intake.open


async def test_the_next_delayed_job_opens_it_when_due(store: RedisStore, queue: str, watch: Watch) -> None:
    woken = watch(store, queue)
    due = now_ms() + 150
    woken.intake.saw(Claim(jobs=[], next_due=due), asked=1, signs=0)
    await woken.open()
    assert now_ms() >= due


async def test_a_job_that_will_be_due_earlier_is_heard_of(store: RedisStore, queue: str, watch: Watch) -> None:
    woken = watch(store, queue)
    woken.intake.saw(Claim(jobs=[], next_due=now_ms() + 60_000), asked=1, signs=0)
    await _blocked(store)
    due = now_ms() + 150
    await add(store, queue, delay=150)
    await woken.open()
    assert now_ms() >= due


@pytest.mark.parametrize("seen", [None, Claim(jobs=[], limited_ms=20), Claim(jobs=[], maxed=True)])
async def test_a_pause_ends_by_its_timer_even_if_the_clock_stands_still(
    store: RedisStore, queue: str, watch: Watch, seen: Claim | None
) -> None:
    woken = watch(store, queue, lambda: 1_000)
    woken.intake.saw(seen, asked=1, signs=0)
    assert not woken.intake.open
    await woken.open()


async def test_in_a_queue_with_a_concurrency_of_its_own_an_ended_job_opens_it(
    store: RedisStore, queue: str, watch: Watch
) -> None:
    intake = watch(store, queue).intake
    intake.saw(Claim(jobs=[], maxed=True), asked=1, signs=0)
    intake.freed()
    assert intake.open


async def test_an_ended_job_does_not_end_other_pauses(store: RedisStore, queue: str, watch: Watch) -> None:
    intake = watch(store, queue).intake
    for seen in (None, Claim(jobs=[], limited_ms=60_000)):
        intake.saw(seen, asked=1, signs=0)
        intake.freed()
        assert not intake.open


async def test_a_wait_that_breaks_counts_as_a_sign(
    store: RedisStore, open_store: OpenStore, proxy: FaultProxy, queue: str, watch: Watch
) -> None:
    far = await open_store(f"redis://{proxy.host}:{proxy.port}")
    woken = watch(far, queue)
    woken.intake.saw(NOTHING, asked=1, signs=0)
    await _blocked(store)
    proxy.drop()
    await woken.open()


async def test_a_sign_that_finds_no_room_is_passed_on(store: RedisStore, queue: str, watch: Watch) -> None:
    full, free = watch(store, queue), watch(store, queue)
    full.has_room = False
    full.intake.saw(NOTHING, asked=1, signs=0)
    await _blocked(store)
    await add(store, queue)
    await full.open()
    free.intake.saw(NOTHING, asked=1, signs=0)
    await free.open()


async def test_closing_leaves_a_sign_for_others(store: RedisStore, queue: str, watch: Watch) -> None:
    leaving, other = watch(store, queue), watch(store, queue)
    leaving.intake.saw(NOTHING, asked=1, signs=0)
    await _blocked(store)
    await leaving.intake.close()
    other.intake.saw(NOTHING, asked=1, signs=0)
    await other.open()
    leaving.intake.saw(NOTHING, asked=1, signs=0)
    assert len([task for task in asyncio.all_tasks() if "Intake" in repr(task)]) == 0
