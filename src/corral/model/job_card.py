"""What is known of a job beside the queue: whose it is, its metadata, and who wants to hear of it."""

from typing import Any, Literal

import msgspec

Comparison = Literal["eq", "in", "gte", "gt", "lte", "lt", "prefix"]


class JobCard(msgspec.Struct, frozen=True):
    """The card of one job. `queue` is the engine's name; `webhooks` are URLs by status; times are ms since the epoch.

    Of the metadata every member whose value is a string, a number or a boolean can be searched for.
    """

    queue: str
    job_id: str
    application: str
    submitted_at: int
    metadata: dict[str, Any] = {}
    webhooks: dict[str, str] = {}
    started_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None


class Filter(msgspec.Struct, frozen=True):
    """A condition on one member of the metadata. Scalars compare by their text, as `3` and `"3"`. A range of numbers is
    met by numbers only, one of texts by strings only, by their code points; a prefix by strings."""

    member: str
    value: Any
    comparison: Comparison = "eq"
