"""The internal queue: each delivery is a job of it."""

import hashlib
from collections.abc import Sequence
from typing import Any

import msgspec

from corral.lifecycle.ownership import DELIVERIES
from corral.model.delivery import Delivery
from corral.model.errors import InvalidInput
from corral.model.job import NewJob
from corral.observe import log
from corral.policy.targets import origin_of
from corral.store.store import Store

QUEUE = DELIVERIES
_LANES = 8
"""Calls to one receiver at once; those about one job go through one lane, one after the other."""

_OPTIONS: dict[str, Any] = {
    "attempts": 100,  # to run it at all, should there be a mistake of our own; calls that fail are counted apart
    "backoff": {"type": "fixed", "delay": 1000},
    "removeOnComplete": {"age": 86_400, "count": 20_000},
    "removeOnFail": {"age": 604_800, "count": 100_000},
}
_MOST = 200  # that are added in one go
_encode = msgspec.json.Encoder().encode
decode = msgspec.json.Decoder(Delivery).decode


def message_id(*parts: str) -> str:
    """The same for the same parts, so that what is found twice is sent once."""
    return "msg_" + hashlib.blake2b("\0".join(parts).encode(errors="surrogateescape"), digest_size=16).hexdigest()


async def send(store: Store, deliveries: Sequence[tuple[Delivery, str]], now: int) -> None:
    """Add them, each with the URL that it is to go to. Raises `StoreUnavailable`, after which it may be repeated."""
    jobs = [_job(delivery, url, delivery.message) for delivery, url in deliveries]
    for first in range(0, len(jobs), _MOST):
        some = jobs[first : first + _MOST]
        try:
            await store.jobs.add(QUEUE, some, now)
        except InvalidInput:
            await _add_each(store, some, now)


async def send_again(store: Store, delivery: Delivery, url: str, job_id: str, now: int) -> str:
    """The same message as another job; its id."""
    again = msgspec.structs.replace(delivery, resent=True)
    (added,) = await store.jobs.add(QUEUE, [_job(again, url, job_id)], now)
    return added


async def _add_each(store: Store, jobs: Sequence[NewJob], now: int) -> None:
    """One that the engine cannot hold must not keep the others back."""
    for job in jobs:
        try:
            await store.jobs.add(QUEUE, [job], now)
        except InvalidInput as error:
            log.not_sent(str(job.opts["jobId"]), error)


def _job(delivery: Delivery, url: str, job_id: str) -> NewJob:
    lane = hashlib.blake2b(delivery.job_id.encode(errors="surrogateescape"), digest_size=2).digest()
    group = message_id(delivery.application, origin_of(url), str(lane[0] % _LANES))
    return NewJob(delivery.kind, _encode(delivery), {**_OPTIONS, "jobId": job_id, "group": {"id": group}})
