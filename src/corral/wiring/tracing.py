"""Traces by OpenTelemetry: spans for adding, processing and finishing jobs, which go on where BullMQ's own left off.

BullMQ keeps the context of whoever added a job in the job's options, as the JSON of the headers of W3C Trace Context.
What becomes of the spans is for the OpenTelemetry SDK of the process, which corral does not bring along.
"""

import json
import types
from collections.abc import Awaitable, Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar, cast

import msgspec
from opentelemetry import trace
from opentelemetry.context import Context, attach, detach
from opentelemetry.trace import Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from corral.model.job import ClaimedJob, JobOptions, NewJob
from corral.model.outcome import Completed, Failed, Outcome
from corral.server.call import Call, Handler, Route
from corral.server.http.message import Response, StreamResponse
from corral.store.jobs import Claim, ClaimRequest, Finished, JobStore
from corral.store.store import Store
from corral.worker.run import Runner

T = TypeVar("T")
_HEADER = "traceparent"
_tracer = trace.get_tracer("corral")
_context = TraceContextTextMapPropagator()


class TracedJobs:
    """Fulfils `store.jobs.JobStore`."""

    def __init__(self, jobs: JobStore) -> None:
        self._jobs = jobs

    def __getattr__(self, name: str) -> Any:
        return getattr(self._jobs, name)

    async def add(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        """One span for all; jobs that bring no context along are given that of the span."""
        parent = _of(jobs[0].opts) if jobs else None
        span = _tracer.start_span(f"add {queue}", parent, SpanKind.PRODUCER, _about(queue, "add"))
        span.set_attribute("bullmq.job.bulk.count", len(jobs))
        with _ended([span]):
            return await self._jobs.add(queue, [_carrying(job, span) for job in jobs], now)

    async def finish(
        self, queue: str, finished: Sequence[Finished], claim: ClaimRequest | None, now: int
    ) -> tuple[list[Exception | None], Claim | Exception | None]:
        """A span for each."""
        spans = [_span(queue, "finish", one.claimed) for one in finished]
        with _ended(spans):
            results, claimed = await self._jobs.finish(queue, finished, claim, now)
            for span, one, why in zip(spans, finished, results, strict=True):
                span.set_attribute("bullmq.job.result", type(one.outcome).__name__.lower())
                if why is not None:
                    _failed(span, why)
        return results, claimed


class TracedStore:
    """The engine."""

    def __init__(self, store: Store) -> None:
        self.jobs = TracedJobs(store.jobs)
        self._store = store

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)


def traced(store: Store) -> Store:
    """The same engine, to be used in its place."""
    return cast(Store, TracedStore(store))


def traced_routes(routes: Iterable[Route]) -> list[Route]:
    """The same routes; spans of a request that names a trace in its headers are part of that one."""
    return [msgspec.structs.replace(route, handler=_continuing(route.handler)) for route in routes]


def traced_runner(queue: str, call: Runner) -> Runner:
    """The same runner, each of whose runs is a span."""

    async def run(claimed: ClaimedJob) -> Outcome:
        span = _span(queue, "process", claimed)
        with _ended([span]), trace.use_span(span):
            outcome = await call(claimed)
            if isinstance(outcome, Failed):
                span.set_status(Status(StatusCode.ERROR, outcome.reason))
            span.set_attribute("bullmq.job.result", "completed" if isinstance(outcome, Completed) else "failed")
            return outcome

    return run


def _continuing(handler: Handler) -> Handler:
    async def handle(call: Call) -> Response | StreamResponse:
        if _HEADER not in call.request.headers:
            return await handler(call)
        return await _within(_context.extract(call.request.headers), handler(call))

    return handle


@types.coroutine
def _within(context: Context, work: Awaitable[T]) -> Generator[Any, Any, T]:
    """Run it with the context current at each step, and at no other time."""
    steps = work.__await__()
    step: Callable[[], Any] = partial(next, steps)
    while True:
        token = attach(context)
        try:
            awaited = step()
        except StopIteration as end:
            return cast(T, end.value)
        finally:
            detach(token)
        try:
            step = partial(steps.send, (yield awaited))
        except BaseException as error:  # noqa: BLE001 - it is for the work to deal with
            step = partial(steps.throw, error)


def _span(queue: str, operation: str, claimed: ClaimedJob) -> Span:
    job = claimed.job
    about = _about(queue, operation) | {
        "bullmq.job.id": job.id,
        "bullmq.job.name": job.name,
        "bullmq.job.attempts.made": job.attempts_made,
    }
    return _tracer.start_span(f"{operation} {queue}", _of(job.opts), SpanKind.CONSUMER, about)


@contextmanager
def _ended(spans: Sequence[Span]) -> Iterator[None]:
    """None of them is current meanwhile: requests are run in steps, each of which has a context of its own."""
    try:
        yield
    except Exception as error:
        for span in spans:
            _failed(span, error)
        raise
    finally:
        for span in spans:
            span.end()


def _failed(span: Span, why: Exception) -> None:
    span.record_exception(why)
    span.set_status(Status(StatusCode.ERROR, str(why)))


def _about(queue: str, operation: str) -> dict[str, Any]:
    return {"messaging.system": "bullmq", "bullmq.queue.name": queue, "bullmq.queue.operation": operation}


def _of(opts: JobOptions) -> Context | None:
    """The context that the options hold."""
    telemetry = opts.get("telemetry")
    if not isinstance(telemetry, dict) or telemetry.get("omitContext"):
        return None
    try:
        carrier = json.loads(telemetry.get("metadata") or "{}")
    except (TypeError, ValueError):
        return None
    known = {name: text for name, text in carrier.items() if isinstance(text, str)} if isinstance(carrier, dict) else {}
    return _context.extract(known)


def _carrying(job: NewJob, span: Span) -> NewJob:
    telemetry = job.opts.get("telemetry") or {}
    if telemetry.get("metadata") or telemetry.get("omitContext"):
        return job
    carrier: dict[str, str] = {}
    _context.inject(carrier, trace.set_span_in_context(span))
    if not carrier:
        return job
    metadata = json.dumps(carrier, separators=(",", ":"))
    return msgspec.structs.replace(job, opts={**job.opts, "telemetry": {**telemetry, "metadata": metadata}})
