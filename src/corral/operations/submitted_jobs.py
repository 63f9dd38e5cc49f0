"""Jobs with a card: submitting them, looking at them, and who wants to hear of them."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from corral.lifecycle.add import add
from corral.model.errors import CorralError, Forbidden, JobNotFound, StoreUnavailable
from corral.model.job import Job
from corral.model.job_card import JobCard
from corral.operations.job_cards import OPERATORS
from corral.operations.services import Services
from corral.policy.built_in_queues import JobDefaults, default_options
from corral.policy.moments import iso
from corral.policy.submissions import Submission, new_job
from corral.store.job_index import CardPage, CardQuery
from corral.store.jobs import ClaimRequest
from corral.store.store import Store

FOREIGN = "Access denied"
_PAGES = 200  # that one listing reads at most
_LOOK = ClaimRequest(count=0, owner="api", serial=0, lock_ms=1000)


class Listed(msgspec.Struct, frozen=True):
    """A job on a list."""

    card: JobCard
    state: str
    job: Job


async def submit(services: Services, given: Submission, defaults: JobDefaults) -> str:
    """The id of the new job, or of the one whose deduplication id it has."""
    now, job_id = services.clock(), services.new_id()
    application = services.caller.application or OPERATORS
    notes = {
        "_applicationId": application,
        "_jobId": job_id,
        "_submittedAt": iso(now),
        "_metadata": given.metadata,
    }
    job = new_job(given, notes, default_options(given.queue, defaults))
    card = JobCard(given.queue, job_id, application, now, given.metadata, given.webhooks)
    if given.webhooks:
        await _hook(services, given.queue, given.webhooks)
    await services.store.job_index.put([card])
    try:
        (added,) = await add(services.store, given.queue, [job], now)
    except StoreUnavailable:
        raise  # it may be there all the same; a card without a job goes by itself
    except CorralError:
        await services.store.job_index.remove([(given.queue, job_id)])
        raise
    if added.id != job_id:
        await services.store.job_index.remove([(given.queue, job_id)])
    return added.id


async def card_of(services: Services, job_id: str) -> JobCard:
    """The card of a job of the caller's. Raises `JobNotFound`, and `Forbidden` for a job of somebody else."""
    (card,) = await services.store.job_index.find([job_id])
    if card is None:
        raise JobNotFound("Job not found")
    if services.caller.application not in (None, card.application):
        raise Forbidden(FOREIGN)
    return card


async def look(store: Store, card: JobCard) -> tuple[Job, str]:
    """The job and its state; one that has ended has its result. Raises `JobNotFound`."""
    try:
        state = await store.job_details.state(card.queue, card.job_id)
    except JobNotFound:
        raise JobNotFound("Job not found") from None
    job = await store.jobs.get(card.queue, card.job_id)
    if job is None:
        raise JobNotFound("Job not found")
    return job, state


async def look_with_notes(store: Store, card: JobCard) -> tuple[Job, str, list[bytes]]:
    """The same with the notes of the job, none of them ahead of its state. Raises `JobNotFound`."""
    notes = await store.job_index.notes(card.queue, card.job_id)
    return *(await look(store, card)), notes


async def refresh(services: Services, queue: str) -> None:
    """Let delayed jobs that are due, and those of workers that died, wait again: a queue may have no other worker."""
    await services.lessor.claim(queue, _LOOK, 0)


async def find(services: Services, query: CardQuery, limit: int) -> list[Listed]:
    """The newest jobs that fit."""
    query = msgspec.structs.replace(query, application=services.caller.application)
    if query.queues:
        await _refresh_known(services, CardQuery(query.application, query.queues))
    found: list[Listed] = []
    cursor: str | None = None
    for _ in range(_PAGES):
        page = await services.store.job_index.page(query, cursor, limit - len(found))
        found += await with_jobs(services, page)
        cursor = page.cursor
        if cursor is None or len(found) >= limit:
            break
    return found


async def _refresh_known(services: Services, query: CardQuery) -> None:
    """Looking for jobs where the caller has none is nothing that a queue should hear of."""
    page = await services.store.job_index.page(query, None, 1)
    if page.cards:
        await asyncio.gather(*(refresh(services, queue) for queue in query.queues or ()))


async def with_jobs(services: Services, page: CardPage) -> list[Listed]:
    """The cards whose jobs are still there, with these."""
    by_queue: dict[str, list[str]] = defaultdict(list)
    for card in page.cards:
        by_queue[card.queue].append(card.job_id)
    read = await asyncio.gather(*(_jobs(services, queue, ids) for queue, ids in by_queue.items()))
    jobs: Mapping[tuple[str, str], Job] = {place: job for part in read for place, job in part.items()}
    pairs = zip(page.cards, page.states, strict=True)
    return [
        Listed(card, state, jobs[card.queue, card.job_id]) for card, state in pairs if (card.queue, card.job_id) in jobs
    ]


async def register(services: Services, job_id: str, webhooks: Mapping[str, str]) -> None:
    """Add to the URLs that hear of the job."""
    card = await card_of(services, job_id)
    await _hook(services, card.queue, webhooks)
    await services.store.job_index.merge(card.queue, card.job_id, {"webhooks": dict(webhooks)})


async def _hook(services: Services, queue: str, webhooks: Mapping[str, str]) -> None:
    """Raises `InvalidInput` for a URL that must not be called."""
    await services.deliveries.check(webhooks.values())
    physical = queue if services.claim is None else await services.claim(queue)
    await services.deliveries.subscribers.hook(physical)


async def _jobs(services: Services, queue: str, ids: Sequence[str]) -> dict[tuple[str, str], Job]:
    found = await services.store.job_details.many(queue, ids)
    return {(queue, job.id): job for job in found if job is not None}


def note(job_id: str, status: str, now: int, said: Mapping[str, Any]) -> bytes:
    """One update, as it is kept and shown."""
    given = {name: value for name, value in said.items() if value is not msgspec.UNSET}
    return msgspec.json.encode({"jobId": job_id, "status": status, **given, "timestamp": iso(now)})
