"""The counts of one queue in Prometheus' text format, as BullMQ gives them."""

import asyncio
from typing import Annotated

import msgspec

from corral.operations import jobs
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services
from corral.policy.measures import escaped
from corral.policy.paging import ALL_STATES

_NAME = r"^[a-zA-Z_][a-zA-Z0-9_]*$"
Label = Annotated[str, msgspec.Meta(pattern=_NAME, max_length=100)]
Labels = Annotated[dict[Label, str | int | float | bool], msgspec.Meta(max_length=50)]


class ExportMetrics(msgspec.Struct, frozen=True):
    """`labels` come behind those that every line has."""

    queue: str
    labels: Labels = {}


class ExportedMetrics(msgspec.Struct, frozen=True):
    """`text` is in the text format of Prometheus, version 0.0.4."""

    text: str


async def export_metrics(services: Services, request: ExportMetrics) -> ExportedMetrics:
    """The wording is BullMQ's."""
    queue, read = request.queue, services.store.metrics.read
    counts, completed, failed = await asyncio.gather(
        jobs.job_counts(services, queue, list(ALL_STATES)),
        read(queue, "completed", 0, -1),
        read(queue, "failed", 0, -1),
    )
    name = escaped(queue)
    more = "".join(f', {label}="{escaped(_text(value))}"' for label, value in request.labels.items())
    lines = [
        "# HELP bullmq_job_count Number of jobs in the queue by state",
        "# TYPE bullmq_job_count gauge",
        *(f'bullmq_job_count{{queue="{name}", state="{state}"{more}}} {count}' for state, count in counts.items()),
    ]
    for ending, found in (("completed", completed), ("failed", failed)):
        lines += [
            f"# HELP bullmq_job_{ending}_total Total number of {ending} jobs",
            f"# TYPE bullmq_job_{ending}_total counter",
            f'bullmq_job_{ending}_total{{queue="{name}"{more}}} {found.meta.count}',
        ]
    return ExportedMetrics("\n".join(lines))


def _text(value: str | float | bool) -> str:
    """As JavaScript writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


OPERATIONS = (
    Operation(
        name="exportPrometheusMetrics",
        method="POST",
        path="/v1/queues/{queue}/prometheus",
        summary="The counts of the queue in the text format of Prometheus.",
        request=ExportMetrics,
        response=ExportedMetrics,
        run=export_metrics,
        permission=Permission.READ,
        tag="queues",
        fn="exportPrometheusMetrics",
        args=("labels",),
        bare="text",
        example={"labels": {"env": "production"}},
    ),
)
