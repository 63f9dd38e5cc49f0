"""What both type checkers must refuse: each line that is marked, and no other."""

from dataclasses import dataclass

from corral import Context, JobDefinition, Metadata


@dataclass
class Letter:
    to: str


async def send(letter: Letter, metadata: Metadata) -> str:
    return letter.to


def send_sync(letter: Letter) -> str:
    return letter.to


context = Context()
sending = JobDefinition(name="SEND", context=context, work_function=send)

JobDefinition(name="A", context=context, work_function=send, repeat_secs=60)  # refused
JobDefinition(name="B", context=context, work_function=send_sync, repeat_secs=60)  # refused
JobDefinition(name="C", context=context, work_function=send, cron="* * * * *")  # refused
JobDefinition(name="D", context=context, work_function=send, num_attempts="three")  # refused
JobDefinition(name="E", context=context, work_function=send, numAttempts=3)  # refused
JobDefinition(name="F", context=context)  # refused


@JobDefinition.decorator(context, repeat_secs=60)  # refused
async def repeated(letter: Letter) -> None: ...


async def use() -> None:
    await sending.enqueue("ada")  # refused
    await sending.enqueue(None)  # refused
    await sending.enqueue(Letter("ada"), delay="soon")  # refused
    await sending.enqueue(Letter("ada"), num_attempts="many")  # refused
    await sending.enqueue_many([Letter("ada"), "bob"])  # refused
    number: int = await sending.wait("1", seconds=1)  # refused
    print(number)
