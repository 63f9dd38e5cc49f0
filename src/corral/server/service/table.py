"""Every route of the queue service that needs no more than the operations."""

from corral.policy.built_in_queues import JobDefaults
from corral.server.call import Route
from corral.server.service import explain, jobs, legacy, queues, schedules, subscriptions, webhooks


def routes(defaults: JobDefaults, *, schedules_open: bool) -> tuple[Route, ...]:
    """`defaults` are for jobs that say nothing of it; `schedules_open` lets schedules be called without a key."""
    of_jobs = (*jobs.routes(defaults), *legacy.routes(defaults), *queues.routes(defaults))
    return (*explain.ROUTES, *of_jobs, *webhooks.ROUTES, *subscriptions.ROUTES, *schedules.routes(schedules_open))
