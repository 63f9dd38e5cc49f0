"""Events whose transactions end in another order than they were written in."""

import asyncio

from corral.lifecycle.follow import Follower
from corral.lifecycle.watch import Feeds
from corral.stores.postgres.store import PostgresStore
from corral.testing.waiting import until
from tests.stores.postgres.conftest import Connect, Connection

QUEUE = "mail"
SOON, LONG = 0.2, 30.0


async def publish(session: Connection, name: str) -> None:
    await session.execute("SELECT bullmq.publish_event($1, $2, '{}'::jsonb)", QUEUE, name)


async def test_an_event_that_comes_late_is_read_once(store: PostgresStore, connect: Connect) -> None:
    slow, quick = await connect(), await connect()
    reader = store.events.reader(QUEUE)
    begin = await store.events.last_id(QUEUE)
    transaction = slow.transaction()
    await transaction.start()
    await publish(slow, "late")
    await publish(quick, "early")
    [early] = await reader.read(begin, LONG)
    reading = asyncio.create_task(reader.read(early.id, LONG))
    await transaction.commit()
    [late] = await reading
    assert (early.name, late.name) == ("early", "late")
    assert int(late.id.partition("-")[0]) < int(early.id.partition("-")[0])
    assert await reader.read(early.id, SOON) == []


async def test_listeners_hear_what_comes_late_once(store: PostgresStore, connect: Connect) -> None:
    slow, quick = await connect(), await connect()
    feeds = Feeds(store.events)
    heard: list[str] = []
    followed: list[str] = []
    await feeds.subscribe(QUEUE, lambda event: heard.append(event.name))
    follower = await Follower(feeds, store.events, QUEUE).start()

    async def follow() -> None:
        follows = followed.append
        async for event in follower:
            follows(event.name)

    following = asyncio.create_task(follow())
    wanted: list[str] = []

    async def both_have(name: str) -> None:
        wanted.append(name)
        await until(lambda: heard == followed == wanted)

    for number in range(3):
        async with slow.transaction():
            await publish(slow, f"late {number}")
            await publish(quick, f"early {number}")
            await both_have(f"early {number}")
        await both_have(f"late {number}")
    following.cancel()
    await feeds.close()


async def test_what_was_there_before_is_not_read_again(store: PostgresStore, connect: Connect) -> None:
    session = await connect()
    for number in range(5):
        await publish(session, f"event {number}")
    events = await store.events.since(QUEUE, "0-0", 10)
    reader = store.events.reader(QUEUE)
    assert [event.name for event in await reader.read(events[2].id, SOON)] == ["event 3", "event 4"]
    assert await reader.read(events[4].id, SOON) == []
    assert [event.name for event in await reader.read(events[1].id, SOON)] == ["event 2", "event 3", "event 4"]


async def test_more_than_is_remembered(store: PostgresStore, connect: Connect) -> None:
    session = await connect()
    await session.execute(
        "INSERT INTO bullmq.event (queue, event, created_at_ms) SELECT $1, 'e', n FROM generate_series(1, 25000) AS n",
        QUEUE,
    )
    reader = store.events.reader(QUEUE)
    place, read = "0-0", 0
    while events := await reader.read(place, SOON):
        place, read = events[-1].id, read + len(events)
    assert read == 25_000


async def test_a_reader_outlives_the_connection_that_listens(store: PostgresStore, connect: Connect) -> None:
    session = await connect()
    reader = store.events.reader(QUEUE)
    reading = asyncio.create_task(reader.read(await store.events.last_id(QUEUE), LONG))
    await session.execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    await publish(session, "after")
    assert [event.name for event in await reading] == ["after"]


async def test_fields_that_are_no_text_come_as_json(store: PostgresStore, connect: Connect) -> None:
    session = await connect()
    fields = '{"text": "ä\\"", "number": 5, "object": {"a": [1]}, "nothing": null}'
    await session.execute("SELECT bullmq.publish_event($1, 'odd', $2::jsonb)", QUEUE, fields)
    [event] = await store.events.since(QUEUE, "0-0", 10)
    assert event.fields == {"text": 'ä"', "number": "5", "object": '{"a": [1]}', "nothing": "null"}
