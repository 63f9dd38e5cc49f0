"""The queues that the queue service has always listed, and what a job gets that says nothing of it."""

from typing import Any

import msgspec

from corral.model.job import JobOptions


class JobDefaults(msgspec.Struct, frozen=True):
    """For jobs submitted under `/api`. Ages are seconds, the other times milliseconds.

    `lock_ms` is how long a job stays with the worker that started it, after its last word.
    """

    attempts: int = 3
    backoff_ms: int = 1000
    completed_age: int = 3600
    failed_age: int = 86_400
    completed_count: int = 100
    failed_count: int = 500
    lock_ms: int = 1_800_000


class BuiltIn(msgspec.Struct, frozen=True):
    """One of them."""

    name: str
    description: str
    attempts: int
    backoff: str
    delay: int


BUILT_IN = {
    queue.name: queue
    for queue in (
        BuiltIn("email", "Sending of emails", 3, "exponential", 2000),
        BuiltIn("webhook", "Calls of webhooks", 5, "exponential", 5000),
        BuiltIn("image-processing", "Work on images", 2, "fixed", 1000),
        BuiltIn("pdf-generation", "Making of PDF documents", 3, "exponential", 3000),
        BuiltIn("data-export", "Exports of data", 2, "exponential", 10_000),
        BuiltIn("ai-processing", "Calls of AI models", 2, "exponential", 5000),
        BuiltIn("scheduled-tasks", "Tasks that run by the clock", 3, "exponential", 1000),
        BuiltIn("notifications", "Notifications to people", 3, "exponential", 2000),
        BuiltIn("social-media", "Posts to social media", 3, "exponential", 5000),
        BuiltIn("web-scraping", "Reading of web pages", 3, "exponential", 5000),
        BuiltIn("indexing", "Upkeep of search indexes", 3, "exponential", 3000),
    )
}


def default_options(queue: str, defaults: JobDefaults) -> JobOptions:
    """What a job of the queue has unless it says otherwise."""
    known = BUILT_IN.get(queue)
    backoff: dict[str, Any] = {"type": "exponential", "delay": defaults.backoff_ms}
    if known is not None:
        backoff = {"type": known.backoff, "delay": known.delay}
    return {
        "attempts": defaults.attempts if known is None else known.attempts,
        "backoff": backoff,
        "removeOnComplete": {"age": defaults.completed_age, "count": defaults.completed_count},
        "removeOnFail": {"age": defaults.failed_age, "count": defaults.failed_count},
    }


def description(queue: str) -> str:
    """For people."""
    known = BUILT_IN.get(queue)
    return "A queue that came with its first job" if known is None else known.description
