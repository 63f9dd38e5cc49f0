"""Operations on whole queues."""

from corral.operations.services import Services


async def get_workers(services: Services, queue: str) -> list[dict[str, str]]:
    """Everything that waits for jobs of this queue, whatever program it is."""
    return await services.store.queues.workers(queue)
