"""What is measured: each metric's name, labels and bounds, and Prometheus' text format for their values."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Literal

import msgspec

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = tuple[str, ...]


class Metric(msgspec.Struct, frozen=True):
    """One family. `bounds` are those of a histogram (seconds), without the last one, which is infinite."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: Labels = ()
    bounds: tuple[float, ...] = ()


_JOB = (0.1, 0.5, 1.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0)
_CALL = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_OF_QUEUE = ("queue", "application")

SUBMITTED = Metric("queue_jobs_submitted_total", "counter", "Jobs that were added through corral.", _OF_QUEUE)
COMPLETED = Metric("queue_jobs_completed_total", "counter", "Jobs that ended for good.", (*_OF_QUEUE, "status"))
DURATION = Metric("queue_job_duration_seconds", "histogram", "How long runs of jobs took.", _OF_QUEUE, _JOB)
WAIT = Metric(
    "queue_job_wait_seconds",
    "histogram",
    "From when a job could run to its first run.",
    _OF_QUEUE,
    (0.01, *_JOB, 3600.0),
)
SIZE = Metric("queue_size", "gauge", "Jobs that are in the queue now.", ("queue", "state"))
WORKERS = Metric("queue_active_workers", "gauge", "Workers of the queue, of every program.", ("queue",))
OLDEST = Metric(
    "queue_oldest_waiting_job_seconds",
    "gauge",
    "Since when the job that is next has been there; 0: none is.",
    ("queue",),
)
PAUSED = Metric("queue_paused", "gauge", "1 while the queue is paused.", ("queue",))
ENDPOINT = Metric(
    "queue_endpoint_call_seconds", "histogram", "Calls of registered endpoints.", ("queue", "status"), _CALL
)
DELIVERIES = Metric(
    "webhook_deliveries_total", "counter", "Messages that arrived or were given up.", ("application", "event", "status")
)
ATTEMPTS = Metric(
    "webhook_attempts_total", "counter", "Calls of receivers.", ("application", "event", "status", "attempt")
)
WEBHOOK_CALLS = Metric("queue_webhook_calls_total", "counter", "Calls of receivers.", ("application", "status"))
DELIVERY = Metric("webhook_call_seconds", "histogram", "Calls of receivers.", ("application", "status"), _CALL)
GAPS = Metric(
    "webhook_gaps_total", "counter", "Times that the engine had dropped events before they were read.", _OF_QUEUE
)
REQUESTS = Metric(
    "http_request_duration_seconds",
    "histogram",
    "Requests, from when they are let in to the answer.",
    ("method", "route", "status"),
    _CALL,
)
UP = Metric("queue_service_engine_up", "gauge", "1 while the engine answers.")

SHARED = (SUBMITTED, DURATION, WAIT, ENDPOINT, DELIVERIES, ATTEMPTS, WEBHOOK_CALLS, DELIVERY, GAPS, REQUESTS)
"""Those that processes count, and add up in the engine."""


def numbers(metric: Metric, values: Mapping[Labels, float]) -> str:
    """A counter or gauge in the text format, with its two lines of introduction."""
    lines = [f"{metric.name}{_braces(metric.labels, labels)} {_number(value)}\n" for labels, value in values.items()]
    return _head(metric) + "".join(lines)


def histograms(metric: Metric, values: Mapping[Labels, Sequence[float]]) -> str:
    """The same for a histogram: how many values are in each bucket, the last one being their sum."""
    return _head(metric) + "".join(line for labels, row in values.items() for line in _histogram(metric, labels, row))


def escaped(text: str) -> str:
    """A label's value."""
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _histogram(metric: Metric, labels: Labels, row: Sequence[float]) -> Iterable[str]:
    bounds = [*map(_number, metric.bounds), "+Inf"]
    total = 0.0
    for bound, total in zip(bounds, accumulate(row[:-1]), strict=True):
        yield f"{metric.name}_bucket{_braces((*metric.labels, 'le'), (*labels, bound))} {_number(total)}\n"
    yield f"{metric.name}_sum{_braces(metric.labels, labels)} {_number(row[-1])}\n"
    yield f"{metric.name}_count{_braces(metric.labels, labels)} {_number(total)}\n"


def _head(metric: Metric) -> str:
    return f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n"


def _braces(names: Labels, values: Labels) -> str:
    pairs = ",".join(f'{name}="{escaped(value)}"' for name, value in zip(names, values, strict=True))
    return f"{{{pairs}}}" if pairs else ""


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else repr(value)
