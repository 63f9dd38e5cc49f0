"""Operations on flows: trees of jobs, over any queues, in which a parent runs when its children are done."""

from collections.abc import Iterator
from typing import Annotated, Any

import msgspec

from corral.lifecycle.flow import add_flows, read_flow
from corral.model.errors import BadField, InvalidInput, JobNotFound, NotInState
from corral.model.flow import FlowTree
from corral.operations.job_input import GivenOptions, Name, plain
from corral.operations.job_reading import OneJob
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services
from corral.policy.flow_plan import FlowRules, plan_flows
from corral.policy.names import check_queue_name

_Depth = Annotated[int, msgspec.Meta(ge=1, le=50, description="How many levels, that of the job itself included.")]
_Breadth = Annotated[int, msgspec.Meta(ge=1, le=1000, description="How many children of each job.")]


class GivenFlow(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A job to add to the queue `queueName`, and the children that it waits for; `data` is any JSON."""

    name: Name
    queue_name: str
    data: msgspec.Raw = msgspec.field(default_factory=lambda: msgspec.Raw(b"{}"))
    opts: GivenOptions | None = None
    children: "list[GivenFlow] | None" = None
    prefix: str | None = None
    """None but the server's own."""

    def options(self) -> dict[str, Any]:
        """BullMQ's job options, unchecked."""
        return plain(self.opts)


class QueueDefaults(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Options for those jobs of one queue that do not say otherwise."""

    default_job_options: GivenOptions | None = None


class AddFlows(msgspec.Struct, frozen=True, rename="camel"):
    """The whole body is one tree or an array of trees."""

    flows: GivenFlow | list[GivenFlow]
    queues_options: dict[str, QueueDefaults] = {}


class ReadFlow(msgspec.Struct, frozen=True, rename="camel"):
    """Names the job at the top, and how much to show below it."""

    queue: str = msgspec.field(name="queueName")  # on a socket it may be another than the socket's
    id: str
    depth: _Depth = 10
    max_children: _Breadth = 20


class DependencyRemoved(msgspec.Struct, frozen=True):
    """False: there was nothing to remove."""

    removed: bool


async def add(services: Services, request: AddFlows) -> FlowTree | list[FlowTree]:
    """All jobs of all trees are added or none. A custom id that is taken makes the job that has it part of the flow.

    Raises `BadField` for more than 1,000 jobs or 50 levels.
    """
    given = request.flows
    trees: Iterator[tuple[str, GivenFlow]] = (
        ((f"/{index}", tree) for index, tree in enumerate(given)) if isinstance(given, list) else iter([("", given)])
    )
    defaults = {queue: plain(one.default_job_options) for queue, one in request.queues_options.items()}
    rules = FlowRules(services.store.prefix, services.names.min, services.names.max, defaults)
    added = await add_flows(services.store, plan_flows(trees, rules, services.new_id), services.clock())
    return added if isinstance(given, list) else added[0]


async def read(services: Services, request: ReadFlow) -> FlowTree:
    """Jobs that are gone are left out; `more` says that a job has children which are not shown. At most 1,000 jobs."""
    check_queue_name(request.queue, services.names.min, services.names.max)
    return await read_flow(services.store, request.queue, request.id, request.depth, request.max_children)


async def remove_unprocessed_children(services: Services, request: OneJob) -> None:
    """Children that have finished, or that a worker has taken up, stay."""
    await services.store.flows.remove_unprocessed_children(request.queue, request.job_id)


async def remove_child_dependency(services: Services, request: OneJob) -> DependencyRemoved:
    """The parent no longer waits for the job, and goes on if that was the last one."""
    return DependencyRemoved(await services.store.flows.remove_child_dependency(request.queue, request.job_id))


OPERATIONS = (
    Operation(
        name="addFlows",
        method="POST",
        path="/v1/flows",
        summary="Add one tree of jobs or many, all or nothing.",
        request=AddFlows,
        response=FlowTree | list[FlowTree],
        status=201,
        run=add,
        permission=Permission.ENQUEUE,
        tag="flows",
        body="flows",
        keyed=True,
        errors=(InvalidInput, BadField, JobNotFound, NotInState),
        fn="addFlow",
        args=("flows", "*"),
        also=("addBulkFlows",),
        example={
            "name": "publish",
            "queueName": "books",
            "children": [{"name": "print", "queueName": "pages", "opts": {"failParentOnFailure": True}}],
        },
    ),
    Operation(
        name="getFlow",
        method="GET",
        path="/v1/flows/{queue}/{id}",
        summary="Show a job with its children and theirs.",
        request=ReadFlow,
        response=FlowTree,
        run=read,
        permission=Permission.READ,
        tag="flows",
        errors=(BadField, JobNotFound),
        fn="getFlow",
        args=("*",),
    ),
    Operation(
        name="removeUnprocessedChildren",
        method="DELETE",
        path="/v1/queues/{queue}/jobs/{job_id}/children",
        summary="Remove the children that no worker has taken up.",
        request=OneJob,
        response=None,
        status=204,
        run=remove_unprocessed_children,
        permission=Permission.MANAGE,
        tag="flows",
        errors=(JobNotFound,),
        fn="removeUnprocessedChildren",
        args=("job_id",),
    ),
    Operation(
        name="removeChildDependency",
        method="DELETE",
        path="/v1/queues/{queue}/jobs/{job_id}/parent",
        summary="Let the parent of a job no longer wait for it.",
        request=OneJob,
        response=DependencyRemoved,
        run=remove_child_dependency,
        permission=Permission.MANAGE,
        tag="flows",
        errors=(JobNotFound,),
        fn="removeChildDependency",
        args=("job_id",),
        bare="removed",
    ),
)
