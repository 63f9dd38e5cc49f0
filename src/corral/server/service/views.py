"""Jobs as `/api` shows them."""

from typing import Any

import msgspec

from corral.model.job import Job
from corral.model.job_card import JobCard
from corral.operations.submitted_jobs import Listed
from corral.policy.moments import iso

_SHOWN = {"prioritized": "waiting", "unknown": "waiting"}
STATES = {
    "waiting": ("waiting", "prioritized"),
    "active": ("active",),
    "completed": ("completed",),
    "failed": ("failed",),
    "delayed": ("delayed",),
}
"""The words of this surface, and the states that they mean."""


def detailed(card: JobCard, job: Job, state: str, notes: list[bytes]) -> dict[str, Any]:
    """One job, with what was said of it."""
    found: dict[str, Any] = {
        "id": job.id,
        "queue": card.queue,
        "status": shown_state(state),
        "data": job.data,
        "metadata": card.metadata,
        "result": job.returnvalue if state == "completed" else None,
        "progress": job.progress,
        "updates": [msgspec.Raw(one) for one in notes],
        "timestamps": _timestamps(card, job, state),
    }
    if state == "failed":
        found["error"] = _or_none(job.failed_reason)
    if card.webhooks:
        found["webhooks"] = card.webhooks
    return found


def listed(one: Listed) -> dict[str, Any]:
    """One job of a list."""
    return {
        "id": one.job.id,
        "queue": one.card.queue,
        "status": shown_state(one.state),
        "submittedAt": iso(one.card.submitted_at),
        "data": one.job.data,
        "metadata": one.card.metadata,
    }


def shown_state(state: str) -> str:
    return _SHOWN.get(state, state)


def _timestamps(card: JobCard, job: Job, state: str) -> dict[str, str]:
    finished = _or_none(job.finished_on)
    moments = {
        "submitted": card.submitted_at,
        "started": card.started_at or _or_none(job.processed_on),
        "completed": (card.completed_at or finished) if state == "completed" else None,
        "failed": (card.failed_at or finished) if state == "failed" else None,
    }
    return {name: iso(moment) for name, moment in moments.items() if moment is not None}


def _or_none(value: Any) -> Any:
    return None if value is msgspec.UNSET else value
