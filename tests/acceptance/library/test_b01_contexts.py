"""B01-B08: contexts, definitions and what workers take."""

from dataclasses import dataclass
from typing import Any, TypedDict

import msgspec
import pytest
from pydantic import BaseModel

from corral import Context, JobDefinition, Orchestrator, Worker
from corral.model.errors import InvalidInput, JobFailed
from tests.acceptance.library.conftest import NewContext
from tests.acceptance.library.kit import DEADLINE, Events, Recorder


def test_b01_a_context_has_the_defaults_of_the_readme() -> None:
    context = Context()
    assert context.job_post_finalize_delete_secs == 86_400
    assert context.job_group_unlock_secs == 10_800
    assert Context(job_post_finalize_delete_secs=5, job_group_unlock_secs=0.5).lock_ms == 500


async def test_b04_a_name_is_registered_once(context: Context) -> None:
    first = JobDefinition(name="PING", context=context, work_function=Recorder().work)
    await first.register()
    with pytest.raises(InvalidInput, match="Job definition with name 'PING' already exists"):
        await first.register()
    second = JobDefinition(name="PING", context=context, work_function=Recorder().work)
    with pytest.raises(InvalidInput, match="already exists"):
        await second.register()


@pytest.mark.parametrize("name", ["", "a:b", "a@b", "x" * 201])
def test_b04_a_name_names_a_queue(context: Context, name: str) -> None:
    with pytest.raises(InvalidInput, match="name of a job definition"):
        JobDefinition(name=name, context=context, work_function=Recorder().work)


async def test_b05_enqueue_returns_the_id(context: Context) -> None:
    ping = JobDefinition(name="PING", context=context, work_function=Recorder().work)
    store = await context.store()
    job_id = await ping.enqueue({"n": 1})
    job = await store.jobs.get("PING", job_id)
    assert job is not None
    assert (job.name, msgspec.json.decode(job.data)) == ("PING", {"n": 1})


async def test_b05_values_of_a_call_win_also_0(context: Context) -> None:
    ping = JobDefinition(
        name="PING",
        context=context,
        work_function=Recorder().work,
        num_attempts=4,
        timeout_secs=7,
        delay_secs=9,
        channel="slow",
    )
    store = await context.store()
    by_default = await store.jobs.get("PING@slow", await ping.enqueue(1))
    assert by_default is not None
    assert by_default.opts == {"attempts": 4, "backoff": {"type": "fixed", "delay": 7000}, "delay": 9000}
    job_id = await ping.enqueue(1, num_attempts=3, timeout_secs=0, delay_secs=0, channel="fast", priority=5)
    by_call = await store.jobs.get("PING@fast", job_id)
    assert by_call is not None
    assert by_call.opts == {"attempts": 3, "priority": 5}


async def test_b05_many_are_stored_in_order(context: Context) -> None:
    recorder = Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    await ping.register()
    ids = await ping.enqueue_many(range(1100))
    assert len(set(ids)) == 1100
    async with Worker(context, concurrency=50):
        await recorder.reach(1100)
    assert sorted(recorder.payloads) == list(range(1100))
    assert [int(job_id) for job_id in ids] == sorted(int(job_id) for job_id in ids)


async def test_b05_a_deduplication_key_lets_one_job_in(context: Context) -> None:
    ping = JobDefinition(name="PING", context=context, work_function=Recorder().work)
    first = await ping.enqueue(1, deduplication_key="same")
    assert await ping.enqueue(2, deduplication_key="same") == first
    assert await ping.enqueue(2, deduplication_key="other") != first


@pytest.mark.parametrize(
    "given",
    [
        {"num_attempts": -1},
        {"num_attempts": 1.5},
        {"num_attempts": True},
        {"timeout_secs": -1},
        {"delay_secs": "1"},
        {"delay_secs": float("nan")},
        {"priority": 3_000_000},
        {"job_group": ""},
        {"channel": ""},
        {"channel": "a:b"},
    ],
    ids=str,
)
async def test_b05_what_cannot_be_is_refused(context: Context, given: Any) -> None:
    ping = JobDefinition(name="PING", context=context, work_function=Recorder().work)
    with pytest.raises(InvalidInput, match="refused"):
        await ping.enqueue(1, **given)


@dataclass
class Letter:
    to: str
    copies: int = 1


class Parcel(msgspec.Struct):
    weight: float


class Order(BaseModel):
    number: int


class Note(TypedDict):
    text: str


async def echo_letter(payload: Letter) -> Letter:
    return payload


async def echo_parcel(payload: Parcel) -> Parcel:
    return payload


async def echo_order(payload: Order) -> Order:
    return payload


async def echo_orders(payload: dict[str, list[Order]]) -> dict[str, list[Order]]:
    return payload


async def echo_note(payload: Note) -> Note:
    return payload


async def echo_plain(payload: dict[str, Any]) -> dict[str, Any]:
    return payload


async def echo_objects(payload: dict[str, object]) -> dict[str, object]:
    return payload


async def echo_nothing(payload: None) -> None:
    return payload


@pytest.mark.parametrize(
    ("function", "payload"),
    [
        (echo_letter, Letter("ada", 2)),
        (echo_parcel, Parcel(1.5)),
        (echo_order, Order(number=3)),
        (echo_orders, {"new": [Order(number=4)]}),
        (echo_note, {"text": "hello"}),
        (echo_plain, {"a": [1, 2.5, None, True, {"ü": "\u2028"}]}),
        (echo_objects, {"a": [1, {}], "b": "c"}),
        (echo_nothing, None),
    ],
    ids=lambda given: getattr(given, "__name__", ""),
)
async def test_b06_payload_and_result_pass_through_json(context: Context, function: Any, payload: Any) -> None:
    echo: JobDefinition[Any, Any] = JobDefinition(name="ECHO", context=context, work_function=function)
    await echo.register()
    async with Worker(context):
        assert await echo.wait(await echo.enqueue(payload), seconds=DEADLINE) == payload


@pytest.mark.parametrize(
    ("function", "payload", "why"),
    [
        (echo_letter, Letter(3), r"The payload of ECHO is refused: Expected `str`, got `int` - at `\$.to`"),  # type: ignore[arg-type]
        (echo_letter, {"copies": 1}, "missing required field `to`"),
        (echo_order, {"number": "x"}, "number"),
        (echo_note, {}, "missing required field `text`"),
        (echo_nothing, {}, "has to be None"),
        (echo_plain, {"a": object()}, "object has no form in JSON"),
        (echo_plain, [1], "Expected `object`, got `array`"),
        (echo_plain, {"a": "\ud800"}, "surrogates"),
    ],
)
async def test_b06_a_payload_of_another_type_is_refused(
    context: Context, function: Any, payload: Any, why: str
) -> None:
    echo: JobDefinition[Any, Any] = JobDefinition(name="ECHO", context=context, work_function=function)
    with pytest.raises(InvalidInput, match=why):
        await echo.enqueue(payload)
    assert (await (await context.store()).queues.counts("ECHO", ["waiting"])) == {"waiting": 0}


async def test_b06_a_stored_payload_of_another_type_fails_its_job(context: Context, new_context: NewContext) -> None:
    other = JobDefinition(name="ECHO", context=new_context(), work_function=echo_plain)
    echo = JobDefinition(name="ECHO", context=context, work_function=echo_letter, num_attempts=5)
    await echo.register()
    async with Worker(context):
        job_id = await other.enqueue({"to": 7})
        with pytest.raises(JobFailed, match="Expected `str`, got `int`"):
            await echo.wait(job_id, seconds=DEADLINE)


async def test_b07_a_worker_may_come_before_the_definition(context: Context) -> None:
    recorder = Recorder()
    orchestrator, worker = Orchestrator(context), Worker(context, concurrency=2)
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    job_id = await ping.enqueue("before")
    await ping.register()
    assert await ping.wait(job_id, seconds=DEADLINE) == "did before"
    await worker.stop()
    await orchestrator.stop()


async def test_b07_a_definition_may_come_before_the_worker(context: Context) -> None:
    recorder = Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    await ping.register()
    job_id = await ping.enqueue("after")
    worker = Worker(context)
    assert await ping.wait(job_id, seconds=DEADLINE) == "did after"
    await worker.stop()


async def test_b08_names_that_are_not_registered_stay_untouched(context: Context, events: Events) -> None:
    here, there = Recorder(), Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=here.work)
    pong = JobDefinition(name="PONG", context=context, work_function=there.work)
    await ping.register()
    await pong.enqueue(1)
    async with Worker(context):
        await ping.enqueue(2)
        await events.reach("WORKER_JOB_RUN_SUCCESS")
    assert there.payloads == []
    assert (await (await context.store()).queues.counts("PONG", ["waiting"])) == {"waiting": 1}


async def test_b25_a_function_is_told_of_its_job(context: Context) -> None:
    recorder = Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    await ping.register()
    async with Worker(context):
        job_id = await ping.enqueue(1)
        own = await ping.enqueue(2, job_group="mine")
        await recorder.reach(2)
    first, second = sorted(recorder.metadata, key=lambda one: int(one.job_id))
    assert (first.job_id, first.attempt, second.job_id, second.job_group) == (job_id, 1, own, "mine")
    assert len(first.job_group) == 36
