"""Operations on workers: who works on what now, and pausing and resuming registered endpoints."""

from collections.abc import Mapping

import msgspec

from corral.model.errors import NotFound
from corral.model.worker import WorkerInfo, WorkerList
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services


class AllWorkers(msgspec.Struct, frozen=True):
    """Nothing to say."""


class QueueWorkers(msgspec.Struct, frozen=True):
    """Names the queue."""

    queue: str


async def list_workers(services: Services, request: AllWorkers) -> WorkerList:
    """corral's own of every process, and every connection by which another program waits for jobs."""
    own = await services.presence.workers()
    return WorkerList([*own, *_foreign(own, await services.store.queues.all_workers())])


async def queue_workers(services: Services, request: QueueWorkers) -> WorkerList:
    found = await list_workers(services, AllWorkers())
    return WorkerList([worker for worker in found.workers if worker.queue == request.queue])


async def pause_worker(services: Services, request: QueueWorkers) -> None:
    """The queue's registered endpoint claims no more, on every instance, until it is resumed."""
    await _set_paused(services, request.queue, True)


async def resume_worker(services: Services, request: QueueWorkers) -> None:
    await _set_paused(services, request.queue, False)


async def _set_paused(services: Services, queue: str, paused: bool) -> None:
    if queue not in await services.store.registry.all():
        raise NotFound("Worker not found")
    await services.store.presence.set_paused(queue, paused)
    await services.store.registry.announce(queue)


def _foreign(own: list[WorkerInfo], clients: list[dict[str, str]]) -> list[WorkerInfo]:
    """Connections that are not one of corral's own workers, which wait by such a connection each."""
    ours: dict[str, int] = {}
    for worker in own:
        ours[worker.queue] = ours.get(worker.queue, 0) + 1
    found = []
    for client in clients:
        queue = client["name"]
        if ours.get(queue, 0) > 0 and ":w:" not in client["rawname"]:
            ours[queue] -= 1
        else:
            found.append(_client(queue, client))
    return found


def _client(queue: str, client: Mapping[str, str]) -> WorkerInfo:
    name = client["rawname"].partition(":w:")[2] or None
    return WorkerInfo(
        queue=queue, kind="bullmq", process=f"client {client.get('id', '')}", name=name, address=client.get("addr")
    )


OPERATIONS = (
    Operation(
        name="listWorkers",
        method="GET",
        path="/v1/workers",
        summary="All workers of all queues, of whatever program, with what corral's own do now.",
        request=AllWorkers,
        response=WorkerList,
        run=list_workers,
        permission=Permission.READ,
        tag="workers",
    ),
    Operation(
        name="listQueueWorkers",
        method="GET",
        path="/v1/queues/{queue}/workers",
        summary="The workers of one queue.",
        request=QueueWorkers,
        response=WorkerList,
        run=queue_workers,
        permission=Permission.READ,
        tag="workers",
    ),
    Operation(
        name="pauseWorker",
        method="POST",
        path="/v1/queues/{queue}/workers/pause",
        summary="The registered endpoint claims no more jobs, on every instance.",
        request=QueueWorkers,
        response=None,
        status=204,
        run=pause_worker,
        permission=Permission.MANAGE,
        tag="workers",
        errors=(NotFound,),
    ),
    Operation(
        name="resumeWorker",
        method="POST",
        path="/v1/queues/{queue}/workers/resume",
        summary="The registered endpoint claims jobs again.",
        request=QueueWorkers,
        response=None,
        status=204,
        run=resume_worker,
        permission=Permission.MANAGE,
        tag="workers",
        errors=(NotFound,),
    ),
)
