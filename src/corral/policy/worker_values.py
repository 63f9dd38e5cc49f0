"""Reading a registration, checked or stored by anybody: whatever cannot be used becomes the default."""

from typing import Any

import msgspec

from corral.model.endpoint import Batch, Limiter, Target, WorkerOptions
from corral.model.errors import InvalidInput
from corral.policy.javascript import is_number, is_whole, member, text, truthy
from corral.policy.retention import is_retention, tidy_retention
from corral.policy.worker_checks import MAX_BATCH, MAX_BATCH_WAIT, MAX_CONCURRENCY


def read_target(stored: Any) -> Target:
    """The method is in capitals. Raises InvalidInput when there is no URL."""
    url, method = member(stored, "url"), member(stored, "method")
    if not url or not isinstance(url, str):
        raise InvalidInput("url is required")
    timeout = stored.get("timeout")
    return Target(
        url=url,
        method=method.upper() if method and isinstance(method, str) else "POST",
        headers=_headers(stored.get("headers")),
        timeout=int(timeout) if is_whole(timeout, 1) else msgspec.UNSET,
    )


def read_options(stored: Any) -> WorkerOptions:
    """Never raises. A falsy retention is none of its own, as in BullMQ, where 0 keeps every job."""
    concurrency, stalled = member(stored, "concurrency"), member(stored, "maxStalledCount")
    return WorkerOptions(
        concurrency=min(int(concurrency), MAX_CONCURRENCY) if is_whole(concurrency, 1) else 1,
        limiter=_limiter(member(stored, "limiter")),
        remove_on_complete=_retention(member(stored, "removeOnComplete")),
        remove_on_fail=_retention(member(stored, "removeOnFail")),
        batch=_batch(member(stored, "batch")),
        max_stalled_count=int(stalled) if is_whole(stalled, 0) else 1,
    )


def _headers(stored: Any) -> dict[str, str]:
    if not isinstance(stored, dict):
        return {}
    return {
        name: value if isinstance(value, str) else text(value)
        for name, value in stored.items()
        if isinstance(value, (str, bool)) or is_number(value)
    }


def _limiter(stored: Any) -> Limiter | msgspec.UnsetType:
    most, duration = member(stored, "max"), member(stored, "duration")
    if is_whole(most, 1) and is_whole(duration, 1):
        return Limiter(int(most), int(duration))
    return msgspec.UNSET


def _batch(stored: Any) -> Batch | msgspec.UnsetType:
    size, wait = member(stored, "size"), member(stored, "maxWait")
    if not is_whole(size, 1, MAX_BATCH):
        return msgspec.UNSET
    return Batch(int(size), int(wait)) if is_whole(wait, 0, MAX_BATCH_WAIT) else Batch(int(size))


def _retention(stored: Any) -> Any:
    return tidy_retention(stored) if truthy(stored) and is_retention(stored) else msgspec.UNSET
