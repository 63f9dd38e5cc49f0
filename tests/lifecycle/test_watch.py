"""One reader per queue, from which many hear every event."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import pytest

from corral.lifecycle.watch import Feeds
from corral.store.events import QueueEvent
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine
from corral.testing.fault_proxy import FaultProxy
from corral.testing.waiting import until
from tests.worker.conftest import OpenStore
from tests.worker.kit import add

OpenFeeds = Callable[[RedisStore], Awaitable[Feeds]]


class Ear:
    """Hears events; `added` are the jobs it heard being added."""

    def __init__(self) -> None:
        self.added: list[str] = []

    def __call__(self, event: QueueEvent) -> None:
        if event.name == "added":
            self.added.append(event.fields["jobId"])

    async def hears(self, ids: list[str]) -> None:
        await until(lambda: self.added == ids)


@pytest.fixture
async def open_feeds() -> AsyncIterator[OpenFeeds]:
    async with AsyncExitStack() as stack:

        async def start(store: RedisStore) -> Feeds:
            feeds = Feeds(store.events)
            stack.push_async_callback(feeds.close)
            return feeds

        yield start


async def _readers(store: RedisStore, queue: str) -> int:
    clients: bytes = await store.connection.send("CLIENT", "LIST")
    return clients.count(f"name=bull:{queue}:qe ".encode())


async def test_many_hear_what_one_reader_reads(store: RedisStore, queue: str, open_feeds: OpenFeeds) -> None:
    feeds = await open_feeds(store)
    await add(store, queue)
    ears = [Ear() for _ in range(5)]
    leave = [await feeds.subscribe(queue, ear) for ear in ears]
    ids = await add(store, queue, 3)
    for ear in ears:
        await ear.hears(ids)
    assert await _readers(store, queue) == 1
    leave[0]()
    leave[0]()
    more = await add(store, queue)
    await ears[1].hears(ids + more)
    assert ears[0].added == ids


async def test_the_last_to_leave_ends_the_reader(store: RedisStore, queue: str, open_feeds: OpenFeeds) -> None:
    feeds = await open_feeds(store)
    for leave in [await feeds.subscribe(queue, Ear()) for _ in range(2)]:
        leave()

    async def nobody_reads() -> bool:
        return await _readers(store, queue) == 0

    await until(nobody_reads)


async def test_nothing_is_skipped_over_a_lost_connection(
    store: RedisStore, open_store: OpenStore, proxy: FaultProxy, queue: str, open_feeds: OpenFeeds
) -> None:
    feeds = await open_feeds(await open_store(f"redis://{proxy.host}:{proxy.port}"))
    ear = Ear()
    await feeds.subscribe(queue, ear)
    ids = await add(store, queue, 2)
    await ear.hears(ids)
    proxy.refuse()
    proxy.drop()
    ids += await add(store, queue, 500)
    proxy.accept()
    await ear.hears(ids)


async def test_subscribing_waits_for_an_engine_that_is_away(
    own_engine: RunningEngine, open_store: OpenStore, queue: str, open_feeds: OpenFeeds
) -> None:
    store = await open_store(own_engine.url)
    feeds = await open_feeds(store)
    own_engine.kill()
    await until(lambda: not store.is_ready)
    ear = Ear()
    subscribing = asyncio.create_task(feeds.subscribe(queue, ear))
    given_up = asyncio.create_task(feeds.subscribe(queue, Ear()))
    assert (await asyncio.wait([subscribing], timeout=0.05))[1]
    given_up.cancel()
    await asyncio.to_thread(own_engine.restart)
    await asyncio.wait_for(subscribing, 30)
    await ear.hears(await add(store, queue))


async def test_a_listener_that_raises_harms_nobody(store: RedisStore, queue: str, open_feeds: OpenFeeds) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context["exception"]))
    mistake = ValueError("a mistake")

    def broken(event: QueueEvent) -> None:
        raise mistake

    feeds = await open_feeds(store)
    ear = Ear()
    await feeds.subscribe(queue, broken)
    await feeds.subscribe(queue, ear)
    await ear.hears(await add(store, queue, 2))
    assert set(complaints) == {mistake}


async def test_closing_ends_every_reader(store: RedisStore, queue: str, open_feeds: OpenFeeds) -> None:
    feeds = await open_feeds(store)
    before = asyncio.all_tasks()
    for name in (queue, f"{queue}-other"):
        await feeds.subscribe(name, Ear())
    await feeds.close()
    assert asyncio.all_tasks() == before
