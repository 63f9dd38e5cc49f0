"""What both type checkers must accept, with the types that they must infer."""

from dataclasses import dataclass
from typing import TypedDict, assert_type

import msgspec
from pydantic import BaseModel

from corral import Context, JobDefinition, Metadata


@dataclass
class Letter:
    to: str


class Parcel(msgspec.Struct):
    weight: int


class Note(TypedDict):
    text: str


class Order(BaseModel):
    number: int


async def send(letter: Letter, metadata: Metadata) -> str:
    return letter.to + metadata.job_id


async def ship(parcel: Parcel) -> int:
    return parcel.weight


def write(note: Note, metadata: Metadata) -> None:
    print(note["text"], metadata.attempt)


def count(words: list[str]) -> int:
    return len(words)


async def tick(payload: None, metadata: Metadata) -> None: ...


def tock(payload: None) -> int:
    return 1


async def buy(order: Order) -> Order:
    return order


async def anything(payload: dict[str, object]) -> float:
    return 1.5


context = Context(dsn="redis://localhost", job_post_finalize_delete_secs=60, job_group_unlock_secs=5)

sending = JobDefinition(name="SEND", context=context, work_function=send, num_attempts=3, timeout_secs=0)
shipping = JobDefinition(name="SHIP", context=context, work_function=ship, channel="fast")
writing = JobDefinition(name="WRITE", context=context, work_function=write)
counting = JobDefinition(name="COUNT", context=context, work_function=count, executor="process")
ticking = JobDefinition(name="TICK", context=context, work_function=tick, repeat_secs=60)
tocking = JobDefinition(name="TOCK", context=context, work_function=tock, cron="0 * * * *", tz="Europe/Berlin")
buying = JobDefinition(name="BUY", context=context, work_function=buy, execution_timeout_secs=1.5)
grouped = JobDefinition(name="GROUP", context=context, work_function=send, job_group_generator=lambda letter: letter.to)
loose = JobDefinition(name="LOOSE", context=context, work_function=anything)

assert_type(sending, JobDefinition[Letter, str])
assert_type(shipping, JobDefinition[Parcel, int])
assert_type(writing, JobDefinition[Note, None])
assert_type(counting, JobDefinition[list[str], int])
assert_type(ticking, JobDefinition[None, None])
assert_type(tocking, JobDefinition[None, int])
assert_type(buying, JobDefinition[Order, Order])
assert_type(grouped, JobDefinition[Letter, str])
assert_type(loose, JobDefinition[dict[str, object], float])


@JobDefinition.decorator(context, num_attempts=3)
async def decorated(letter: Letter, metadata: Metadata) -> str:
    return letter.to


@JobDefinition.decorator(context, name="OTHER")
def decorated_sync(parcel: Parcel) -> list[int]:
    return [parcel.weight]


@JobDefinition.decorator(context, repeat_secs=5)
async def repeated(payload: None, metadata: Metadata) -> None: ...


@JobDefinition.decorator(context, cron="* * * * *")
def repeated_sync(payload: None) -> int:
    return 2


assert_type(decorated, JobDefinition[Letter, str])
assert_type(decorated_sync, JobDefinition[Parcel, list[int]])
assert_type(repeated, JobDefinition[None, None])
assert_type(repeated_sync, JobDefinition[None, int])


async def use() -> None:
    assert_type(await sending.enqueue(Letter("ada")), str)
    assert_type(await sending.wait("1", seconds=1), str)
    assert_type(await decorated_sync.wait("1", seconds=1), list[int])
    assert_type(await writing.wait("1", seconds=1), None)
    assert_type(await shipping.enqueue_many([Parcel(1), Parcel(2)], priority=1), list[str])
    await ticking.enqueue(None, delay_secs=0, num_attempts=0, timeout_secs=0, channel=None)
    await writing.enqueue({"text": "hello"}, job_group="one", deduplication_key="two", connection=object())
