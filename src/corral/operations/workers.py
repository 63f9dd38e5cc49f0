"""Operations on registered endpoints."""

from corral.model.errors import InvalidInput, NotFound
from corral.operations.services import Services
from corral.policy.worker_bodies import Registration, decode_record, encode_record, guarded


async def register_worker(services: Services, endpoint: Registration) -> None:
    """Store the worker, replacing the queue's old one. Every instance starts it soon after.

    Raises `InvalidInput` when an application wants to have an address called that is not for strangers.
    """
    if not services.caller.is_operator:
        await services.deliveries.check([endpoint.endpoint.url])
        endpoint = guarded(endpoint)
    await services.store.registry.put(endpoint.queue, encode_record(endpoint))


async def list_workers(services: Services) -> dict[str, str]:
    """The endpoint's URL by queue."""
    urls: dict[str, str] = {}
    for queue, record in (await services.store.registry.all()).items():
        try:
            urls[queue] = decode_record(record).endpoint.url
        except InvalidInput:
            continue  # somebody else's record that cannot be read; whoever runs workers says so in the log
    return urls


async def remove_worker(services: Services, queue: str) -> None:
    """Raises `NotFound`. Jobs that are running end normally."""
    if not await services.store.registry.remove(queue):
        raise NotFound("Worker not found")
