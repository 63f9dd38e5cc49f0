"""The bodies that go out: what is told of a change of a job, and to whom in which shape."""

from typing import Any

import msgspec

from corral.model.job import Job
from corral.model.subscriber import Subscription
from corral.policy.changes import Change
from corral.policy.moments import iso

_encode = msgspec.json.Encoder().encode


def job_notice(change: Change) -> bytes:
    """For the URLs that a job was given."""
    return _encode({"jobId": change.job_id, "status": change.status, "timestamp": iso(change.at), **_told(change)})


def webhook_notice(event: str, change: Change, queue: str, application: tuple[str, str], created: int | None) -> bytes:
    """For a webhook; `application` is its id and name."""
    data: dict[str, Any] = {"jobId": change.job_id, "queue": queue, "status": change.status}
    if not change.job_id:
        del data["jobId"]
    data["application"] = {"id": application[0], "name": application[1]}
    if created is not None:
        data["createdAt"] = iso(created)
    return envelope(event, change.at, {**data, **_told(change)})


def envelope(event: str, at: int, data: dict[str, Any]) -> bytes:
    """What webhooks get."""
    return _encode({"event": event, "timestamp": iso(at), "data": data})


def subscription_notice(
    subscription: Subscription, change: Change, queue: str, job: Job | None, metadata: dict[str, Any]
) -> bytes:
    """For a subscription, with the job's data unless the job is gone."""
    told: dict[str, Any] = {"id": change.job_id, "queue": queue, "status": change.status}
    if job is not None:
        told["data"] = job.data
    return subscription_envelope(subscription, change, {**told, "metadata": metadata, **_told(change)})


def subscription_envelope(subscription: Subscription, change: Change, job: dict[str, Any]) -> bytes:
    """What subscriptions get."""
    about = {"id": subscription.id, "name": subscription.name}
    event = {"type": change.status, "timestamp": iso(change.at)}
    return _encode({"subscription": about, "event": event, "job": job})


def _told(change: Change) -> dict[str, msgspec.Raw]:
    """Only what there is."""
    parts = {"result": change.result, "error": change.error, "progress": change.progress}
    return {name: msgspec.Raw(value) for name, value in parts.items() if value is not None}
