"""Operations on whole queues."""

from corral.operations.services import Services


async def pause(services: Services, queue: str) -> None:
    """No job is claimed until `resume`; running ones go on."""
    await services.store.queues.pause(queue)


async def resume(services: Services, queue: str) -> None:
    """Jobs are claimed again."""
    await services.store.queues.resume(queue)


async def get_workers(services: Services, queue: str) -> list[dict[str, str]]:
    """Everything that waits for jobs of this queue, whatever program it is."""
    return await services.store.queues.workers(queue)
