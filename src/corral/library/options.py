"""How jobs of a definition are enqueued and run: the options of a definition, and those of one call."""

from collections.abc import Callable
from typing import Any, Generic, Literal, Required, TypedDict, TypeVar

import msgspec

from corral.library.naming import queue_of
from corral.model.errors import InvalidInput
from corral.model.job import JobOptions

P = TypeVar("P")

Executor = Literal["thread", "process"]


class RunOptions(TypedDict, Generic[P], total=False):
    """`timeout_secs` is the wait before a retry; `execution_timeout_secs` ends a run that takes longer."""

    channel: str | None
    num_attempts: int
    timeout_secs: float
    delay_secs: float
    job_group_generator: Callable[[P], str] | None
    group_concurrency: int
    execution_timeout_secs: float | None
    executor: Executor


class RepeatSecs(RunOptions[None], total=False):
    """A job every so many seconds; its payload is None."""

    repeat_secs: Required[float]


class RepeatCron(RunOptions[None], total=False):
    """A job whenever the cron pattern (in UTC, or in the zone `tz`) says so; its payload is None."""

    cron: Required[str]
    tz: str


class EnqueueOptions(TypedDict, total=False):
    """What one call decides otherwise than the definition; 0 counts. `priority`: 1 goes first, 0 before all.

    `connection` is one of Postgres, with a transaction of yours in which the job is added.
    """

    job_group: str
    delay_secs: float
    timeout_secs: float
    num_attempts: int
    channel: str | None
    priority: int
    deduplication_key: str
    connection: Any


class Terms(msgspec.Struct, frozen=True):
    """The options of a definition, complete."""

    channel: str | None = None
    num_attempts: int = 1
    timeout_secs: float = 300
    delay_secs: float = 0
    job_group_generator: Callable[[Any], str] | None = None
    group_concurrency: int = 1
    execution_timeout_secs: float | None = None
    executor: Executor = "thread"
    repeat_secs: float | None = None
    cron: str | None = None
    tz: str | None = None

    def check(self, name: str) -> None:
        """Raises `InvalidInput` for what cannot be."""
        queue_of(name, self.channel)
        _at_least(0, num_attempts=self.num_attempts, timeout_secs=self.timeout_secs, delay_secs=self.delay_secs)
        _at_least(1, group_concurrency=self.group_concurrency)
        if self.repeat_secs is not None and self.cron is not None:
            raise InvalidInput("A definition has repeat_secs or cron, not both")
        if self.repeat_secs is not None and self.repeat_secs <= 0:
            raise InvalidInput("repeat_secs has to be more than 0")
        if self.execution_timeout_secs is not None and self.execution_timeout_secs <= 0:
            raise InvalidInput("execution_timeout_secs has to be more than 0")
        if self.executor not in ("thread", "process"):
            raise InvalidInput(f"executor is thread or process, not {self.executor!r}")

    @property
    def repeats(self) -> bool:
        return self.repeat_secs is not None or self.cron is not None


def job_options(terms: Terms, payload: Any, given: EnqueueOptions) -> JobOptions:
    """What is stored of one job, in BullMQ's words. Raises `InvalidInput`."""
    attempts = given.get("num_attempts", terms.num_attempts)
    pause = given.get("timeout_secs", terms.timeout_secs)
    delay = given.get("delay_secs", terms.delay_secs)
    _at_least(0, num_attempts=attempts, timeout_secs=pause, delay_secs=delay)
    stored: JobOptions = {"attempts": attempts}
    if attempts == 0:
        stored[UNRUN] = 0  # BullMQ runs a job with 0 attempts once
    if attempts > 1 and pause:
        stored["backoff"] = {"type": "fixed", "delay": _milliseconds(pause)}
    if delay:
        stored["delay"] = _milliseconds(delay)
    if priority := given.get("priority"):
        _at_least(0, priority=priority)
        if priority > _MOST_PRIORITY:
            raise InvalidInput(f"priority has to be at most {_MOST_PRIORITY}: {priority!r} is refused")
        stored["priority"] = priority
    if key := given.get("deduplication_key"):
        stored["deduplication"] = {"id": key}
    group = given["job_group"] if "job_group" in given else _generated(terms, payload)
    if group is not None:
        stored["group"] = _group(group, terms.group_concurrency)
    return stored


FOR_EVER = 2**31 - 1
"""Stalls that a job may have: a crash of its worker is no attempt of the job."""

_MOST_PRIORITY = 2_097_152  # BullMQ's own

UNRUN = "numAttempts"
"""The option, 0, of a job that is to expire without a run."""


def _generated(terms: Terms, payload: Any) -> str | None:
    return terms.job_group_generator(payload) if terms.job_group_generator else None


def _group(group: str, limit: int) -> dict[str, Any]:
    if not isinstance(group, str) or not group:
        raise InvalidInput(f"A job group is a text that is not empty: {group!r} is refused")
    return {"id": group} if limit == 1 else {"id": group, "limit": limit}


def _milliseconds(seconds: float) -> int:
    return max(1, round(seconds * 1000))


def _at_least(least: int, **given: float) -> None:
    for name, value in given.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not value >= least:
            raise InvalidInput(f"{name} has to be a number of at least {least}: {value!r} is refused")
        if isinstance(least, int) and name in _WHOLE and int(value) != value:
            raise InvalidInput(f"{name} has to be a whole number: {value!r} is refused")


_WHOLE = frozenset({"num_attempts", "priority", "group_concurrency"})
