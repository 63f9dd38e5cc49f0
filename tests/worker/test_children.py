"""A parent that runs before its children are done cannot complete."""

from corral.stores.redis.store import RedisStore
from tests.worker.conftest import StartWorker
from tests.worker.kit import DONE, Desk, Told, add, reach


async def test_a_parent_that_completes_before_its_children_fails(
    store: RedisStore, queue: str, start_worker: StartWorker, told: Told
) -> None:
    desk = Desk()
    start_worker(store, queue, desk, concurrency=1)
    [parent] = await add(store, queue, attempts=2)
    _, end = await desk.take()
    children = f"{queue}-children"
    link = {"id": parent, "queue": f"{store.prefix}:{queue}"}
    [child] = await add(store, children, parent=link)
    end.set_result(DONE)
    _, end = await desk.take()
    await store.flows.remove_child_dependency(children, child)
    end.set_result(DONE)
    await reach(store, queue, completed=1)
    job = await store.jobs.get(queue, parent)
    assert job is not None
    assert job.stacktrace == [f"Error: Job {parent} has pending dependencies. moveToFinished"]
    assert told.of("not_stored") == []
