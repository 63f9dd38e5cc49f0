"""Moves of a whole queue, in batches that leave the engine free in between."""

from typing import Literal

import msgspec

from corral.store.store import Store

Cleanable = Literal["completed", "failed", "waiting", "wait", "paused", "active", "delayed", "prioritized"]
Retryable = Literal["failed", "completed"]

_BATCH = 1_000
_UNORDERED_BATCH = 10_000  # BullMQ's own: where age is not the order, a batch must look at many to find the old
_AT_ONCE = 5_000  # as many waiting jobs as one call may remove without anybody noticing
_ALL = 9_999_999_999_999
_EARLIEST = 1_000_000_000_000  # BullMQ's script compares times as text, so they must have as many digits as today's


class Cleaning(msgspec.Struct, frozen=True):
    """Which jobs go: those older than `grace` (ms), at most `limit` of them, 0 meaning all."""

    state: Cleanable
    grace: int
    limit: int


async def clean(store: Store, queue: str, cleaning: Cleaning, now: int) -> list[str]:
    """Remove old jobs of one state; returns their ids."""
    before = now - cleaning.grace
    removed: list[str] = []
    if before < _EARLIEST:
        return removed
    batch = _BATCH if cleaning.state in ("completed", "failed") else _UNORDERED_BATCH
    while True:
        most = min(batch, cleaning.limit - len(removed)) if cleaning.limit else batch
        gone = await store.queue_moves.clean(queue, cleaning.state, before, most)
        removed += gone
        if len(gone) < most or len(removed) == cleaning.limit:
            return removed


async def drain(store: Store, queue: str, delayed: bool) -> None:
    """Remove all jobs that wait, and with `delayed` all delayed ones; running and ended ones stay."""
    states = ["waiting", "paused", "prioritized", *(["delayed"] if delayed else [])]
    for state, count in (await store.queues.counts(queue, states)).items():
        if count > _AT_ONCE:
            await _empty(store, queue, state, count)
    await store.queue_moves.drain(queue, delayed)


async def _empty(store: Store, queue: str, state: str, count: int) -> None:
    """Remove about as many jobs as there were."""
    for _ in range(count // _BATCH):
        if not await store.queue_moves.clean(queue, state, _ALL, _BATCH):
            return


async def obliterate(store: Store, queue: str, force: bool, batch: int = _BATCH) -> None:
    """Remove the paused queue and all in it. Raises `QueueNotPaused`, and `QueueActive` unless `force`."""
    while await store.queue_moves.obliterate(queue, force, batch):
        pass
    await store.directory.forget([queue])


async def remove_orphans(store: Store, queue: str, batch: int, limit: int) -> int:
    """Remove what is left of jobs in no state, until `limit` (0: none) are gone or the whole engine was looked through.

    Each step looks at about `batch` keys and is finished, so a few more than `limit` may go. Returns how many did.
    """
    removed, cursor = await store.queue_moves.remove_orphans(queue, None, batch)
    while cursor is not None and not 0 < limit <= removed:
        more, cursor = await store.queue_moves.remove_orphans(queue, cursor, batch)
        removed += more
    return removed


async def retry_all(store: Store, queue: str, state: Retryable, until: int, batch: int = _BATCH) -> None:
    """Move every job that ended at `until` (ms) or earlier back to waiting."""
    while await store.queue_moves.move_to_waiting(queue, state, until, batch):
        pass


async def promote_all(store: Store, queue: str, batch: int = _BATCH) -> None:
    """Move every delayed job to waiting."""
    while await store.queue_moves.move_to_waiting(queue, "delayed", None, batch):
        pass
