"""Flows: trees of jobs in which a parent runs when its children are done."""

import msgspec

from corral.model.job import Job, NewJob


class FlowJob(msgspec.Struct, frozen=True, gc=False):
    """One job of a flow that is added: its id is given up front, so that its children can name it.

    The options of a child hold its `parent`. `custom`: the id is the client's, so that it may be there already.
    """

    queue: str
    job: NewJob
    job_id: str
    has_children: bool = False
    custom: bool = False


class FlowNode(msgspec.Struct, frozen=True):
    """A stored job and the names, `prefix:queue:id`, of its children; `more`: it has others besides."""

    job: Job
    children: list[str]
    more: bool = False


class FlowTree(msgspec.Struct, frozen=True, omit_defaults=True):
    """A job with its children, as BullMQ's FlowProducer shows it; `more`: there are children that are not shown."""

    job: Job
    children: "list[FlowTree] | msgspec.UnsetType" = msgspec.UNSET
    more: bool = False
