"""Spans of jobs go on where whoever added the job left off, also by the metadata that Node BullMQ stores."""

import asyncio
import json

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer

_TRACE, _SPAN = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"


@pytest.fixture(scope="module")
def exporter() -> InMemorySpanExporter:
    """OpenTelemetry takes one provider per process."""
    found, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(found))
    trace.set_tracer_provider(provider)
    return found


@pytest.fixture
def spans(exporter: InMemorySpanExporter) -> InMemorySpanExporter:
    exporter.clear()
    return exporter


async def test_m51_spans_continue_a_stored_context(
    serve: Serve, endpoint: EndpointServer, spans: InMemorySpanExporter
) -> None:
    client = Client((await serve(traces=True)).port)
    worker = {"queue": "mail", "endpoint": {"url": endpoint.url, "method": "POST"}}
    await client.call("POST", "/workers", worker)
    metadata = json.dumps({"traceparent": f"00-{_TRACE}-{_SPAN}-01"})
    job = {"name": "n", "data": {}, "opts": {"telemetry": {"metadata": metadata}}}
    assert (await client.call("POST", "/v1/queues/mail/jobs", [job])).status < 300

    async def ended() -> bool:
        return {"add mail", "process mail", "finish mail"} <= {span.name for span in spans.get_finished_spans()}

    await until(ended)
    for span in spans.get_finished_spans():
        assert span.context is not None
        assert f"{span.context.trace_id:032x}" == _TRACE, span.name
        assert span.parent is not None
        assert f"{span.parent.span_id:016x}" == _SPAN, span.name


async def test_m51_jobs_without_a_context_get_one(serve: Serve, spans: InMemorySpanExporter) -> None:
    client = Client((await serve(traces=True)).port)
    await client.call("POST", "/queues/mail/jobs", [{"name": "n", "data": {}}])
    (job,) = (await client.call("GET", "/queues/mail/jobs?statuses=waiting")).json()["jobs"]
    (span,) = spans.get_finished_spans()
    assert span.context is not None
    carrier = json.loads(job["opts"]["telemetry"]["metadata"])
    assert carrier["traceparent"].startswith(f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-")


@pytest.mark.parametrize("path", ["/queues/mail/jobs", "/v1/queues/mail/jobs"])
async def test_m51_the_trace_of_a_request_goes_on(serve: Serve, spans: InMemorySpanExporter, path: str) -> None:
    client = Client((await serve(traces=True)).port)
    headers = {"traceparent": f"00-{_TRACE}-{_SPAN}-01"}
    job = [{"name": "n", "data": {}}]
    named = client.call("POST", path, job, headers=headers)
    others = [client.call("POST", path, job) for _ in range(5)]
    assert {reply.status for reply in await asyncio.gather(named, *others)} <= {200, 201}
    found = [span for span in spans.get_finished_spans() if span.name == "add mail"]
    (continued,) = [span for span in found if span.parent is not None]
    assert (continued.context and f"{continued.context.trace_id:032x}") == _TRACE
    assert (continued.parent and f"{continued.parent.span_id:016x}") == _SPAN
    assert len({span.context.trace_id for span in found if span.context}) == len(found) == 6


async def test_m51_posted_jobs_bring_their_context(serve: Serve, spans: InMemorySpanExporter) -> None:
    client = Client((await serve(traces=True)).port)
    metadata = json.dumps({"traceparent": f"00-{_TRACE}-{_SPAN}-01"})
    await client.add("mail", {"name": "n", "data": {}, "opts": {"telemetry": {"metadata": metadata}}})
    (span,) = spans.get_finished_spans()
    assert (span.parent and f"{span.parent.span_id:016x}") == _SPAN
