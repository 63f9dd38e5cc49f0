"""Jobs that are added with metadata, by which they are found."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from corral.model.errors import CorralError, StoreUnavailable
from corral.model.job import Job, NewJob
from corral.model.job_card import JobCard
from corral.operations.jobs import add_jobs
from corral.operations.services import Services

OPERATORS = "master"
"""The application that jobs of the operator are said to be of."""

Metadata = Mapping[str, Any] | None


async def add_with_cards(
    services: Services, queue: str, jobs: Sequence[NewJob], metadata: Sequence[Metadata]
) -> list[Job]:
    """Add all of the jobs or none; those that have metadata get cards, and ids where they have none.

    A card comes first: without its job it is not shown and goes by itself, a job without its card would never be found.
    """
    if not any(one is not None for one in metadata):
        return await add_jobs(services, queue, jobs)
    named = [job if one is None else _named(services, job) for job, one in zip(jobs, metadata, strict=True)]
    cards = _cards(services, queue, named, metadata)
    known = await services.store.job_details.many(queue, [card.job_id for card in cards])
    new = [card for card, job in zip(cards, known, strict=True) if job is None]
    await services.store.job_index.put(new)
    try:
        added = await add_jobs(services, queue, named)
    except StoreUnavailable:
        raise  # they may be there all the same
    except CorralError:
        await _drop(services, new)
        raise
    there = {job.id for job in added}
    await _drop(services, [card for card in new if card.job_id not in there])
    return added


def _named(services: Services, job: NewJob) -> NewJob:
    if job.opts.get("jobId"):
        return job
    return msgspec.structs.replace(job, opts={**job.opts, "jobId": services.new_id()})


def _cards(services: Services, queue: str, jobs: Sequence[NewJob], metadata: Sequence[Metadata]) -> list[JobCard]:
    application, now = services.caller.application or OPERATORS, services.clock()
    return [
        JobCard(queue, job.opts["jobId"], application, now, dict(one))
        for job, one in zip(jobs, metadata, strict=True)
        if one is not None
    ]


async def _drop(services: Services, cards: Sequence[JobCard]) -> None:
    if cards:
        await services.store.job_index.remove([(card.queue, card.job_id) for card in cards])
