"""Operations on the limits that hold over all workers of a queue."""

from typing import Annotated

import msgspec

from corral.model.endpoint import Limiter
from corral.operations.operation import Operation, Permission
from corral.operations.queue_moves import OneQueue
from corral.operations.services import Services

Most = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1, description="Most jobs.")]
Duration = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1, description="Milliseconds.")]


class SetConcurrency(msgspec.Struct, frozen=True):
    """At most so many jobs of the queue are active at once."""

    queue: str
    concurrency: Most


class Concurrency(msgspec.Struct, frozen=True):
    """Null where there is no limit."""

    concurrency: int | None


class SetRateLimit(msgspec.Struct, frozen=True):
    """At most `max` jobs are claimed in each `duration`."""

    queue: str
    max: Most
    duration: Duration


class Throttle(msgspec.Struct, frozen=True):
    """How long the rate limit counts as used up."""

    queue: str
    ttl: Duration


class GetThrottle(msgspec.Struct, frozen=True, rename="camel"):
    """`maxJobs` stands in for the queue's own limit, for asking about a worker's."""

    queue: str
    max_jobs: Most | None = None


class Throttled(msgspec.Struct, frozen=True):
    """Milliseconds until jobs are claimed again; 0: they are now."""

    ttl: int


async def get_concurrency(services: Services, request: OneQueue) -> Concurrency:
    return Concurrency(await services.store.queue_limits.concurrency(request.queue))


async def set_concurrency(services: Services, request: SetConcurrency) -> None:
    await services.store.queue_limits.set_concurrency(request.queue, request.concurrency)


async def remove_concurrency(services: Services, request: OneQueue) -> None:
    await services.store.queue_limits.remove_concurrency(request.queue)


async def get_rate_limit(services: Services, request: OneQueue) -> Limiter | None:
    return await services.store.queue_limits.rate_limit(request.queue)


async def set_rate_limit(services: Services, request: SetRateLimit) -> None:
    limit = Limiter(request.max, request.duration)
    await services.store.queue_limits.set_rate_limit(request.queue, limit)


async def remove_rate_limit(services: Services, request: OneQueue) -> None:
    await services.store.queue_limits.remove_rate_limit(request.queue)


async def get_throttle(services: Services, request: GetThrottle) -> Throttled:
    limits, now = services.store.queue_limits, services.clock()
    return Throttled(await limits.throttled_for(request.queue, request.max_jobs, now))


async def throttle(services: Services, request: Throttle) -> None:
    """Without effect where neither the queue nor a worker has a rate limit, as in BullMQ."""
    await services.store.queue_limits.throttle(request.queue, request.ttl, services.clock())


async def unthrottle(services: Services, request: OneQueue) -> None:
    await services.store.queue_limits.unthrottle(request.queue)


OPERATIONS = (
    Operation(
        name="getGlobalConcurrency",
        method="GET",
        path="/v1/queues/{queue}/concurrency",
        summary="How many jobs of the queue may be active at once, over all workers.",
        request=OneQueue,
        response=Concurrency,
        run=get_concurrency,
        permission=Permission.READ,
        tag="queues",
        fn="getGlobalConcurrency",
        bare="concurrency",
    ),
    Operation(
        name="setGlobalConcurrency",
        method="PUT",
        path="/v1/queues/{queue}/concurrency",
        summary="Limit how many jobs of the queue are active at once, over all workers.",
        request=SetConcurrency,
        response=None,
        status=204,
        run=set_concurrency,
        permission=Permission.MANAGE,
        tag="queues",
        fn="setGlobalConcurrency",
        args=("concurrency",),
        example={"concurrency": 10},
    ),
    Operation(
        name="removeGlobalConcurrency",
        method="DELETE",
        path="/v1/queues/{queue}/concurrency",
        summary="Let each worker decide how many jobs it runs at once.",
        request=OneQueue,
        response=None,
        status=204,
        run=remove_concurrency,
        permission=Permission.MANAGE,
        tag="queues",
        fn="removeGlobalConcurrency",
    ),
    Operation(
        name="getGlobalRateLimit",
        method="GET",
        path="/v1/queues/{queue}/rate-limit",
        summary="How many jobs of the queue may begin per time, over all workers; null where there is no limit.",
        request=OneQueue,
        response=Limiter | None,
        run=get_rate_limit,
        permission=Permission.READ,
        tag="queues",
        fn="getGlobalRateLimit",
    ),
    Operation(
        name="setGlobalRateLimit",
        method="PUT",
        path="/v1/queues/{queue}/rate-limit",
        summary="Limit how many jobs of the queue begin per time. Wins over the limits of workers.",
        request=SetRateLimit,
        response=None,
        status=204,
        run=set_rate_limit,
        permission=Permission.MANAGE,
        tag="queues",
        fn="setGlobalRateLimit",
        args=("max", "duration"),
        example={"max": 100, "duration": 1000},
    ),
    Operation(
        name="removeGlobalRateLimit",
        method="DELETE",
        path="/v1/queues/{queue}/rate-limit",
        summary="Leave the rate to the workers.",
        request=OneQueue,
        response=None,
        status=204,
        run=remove_rate_limit,
        permission=Permission.MANAGE,
        tag="queues",
        fn="removeGlobalRateLimit",
    ),
    Operation(
        name="getRateLimitTtl",
        method="GET",
        path="/v1/queues/{queue}/throttle",
        summary="How long the rate limit is used up.",
        request=GetThrottle,
        response=Throttled,
        run=get_throttle,
        permission=Permission.READ,
        tag="queues",
        fn="getRateLimitTtl",
        args=("max_jobs",),
        bare="ttl",
    ),
    Operation(
        name="rateLimit",
        method="PUT",
        path="/v1/queues/{queue}/throttle",
        summary="Count the rate limit as used up for a while. Needs a rate limit, the queue's or a worker's.",
        request=Throttle,
        response=None,
        status=204,
        run=throttle,
        permission=Permission.WORK,
        tag="queues",
        fn="rateLimit",
        args=("ttl",),
        example={"ttl": 5000},
    ),
    Operation(
        name="removeRateLimitKey",
        method="DELETE",
        path="/v1/queues/{queue}/throttle",
        summary="Begin to count for the rate limit anew, so that jobs may be claimed at once.",
        request=OneQueue,
        response=None,
        status=204,
        run=unthrottle,
        permission=Permission.WORK,
        tag="queues",
        fn="removeRateLimitKey",
    ),
)
