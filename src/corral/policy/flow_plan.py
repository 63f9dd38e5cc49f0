"""Flows as clients describe them: checked, and put into the order in which they are added."""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

import msgspec

from corral.model.errors import BadField, InvalidInput
from corral.model.flow import FlowJob
from corral.model.job import JobOptions
from corral.policy.job_bodies import parse_job_args
from corral.policy.names import check_queue_name

MOST_JOBS = 1000
MOST_LEVELS = 50


class Flow(Protocol):
    """A job and the children that it waits for, as BullMQ's FlowProducer takes them."""

    @property
    def name(self) -> str: ...

    @property
    def queue_name(self) -> str: ...

    @property
    def data(self) -> msgspec.Raw: ...

    @property
    def children(self) -> "Sequence[Flow] | None": ...

    @property
    def prefix(self) -> str | None: ...

    def options(self) -> JobOptions:
        """BullMQ's job options, unchecked."""
        ...


class FlowRules(msgspec.Struct, frozen=True):
    """Where flows are added: the server's prefix, the bounds of queue names, and defaults for jobs by queue."""

    prefix: str
    min_name: int
    max_name: int
    defaults: Mapping[str, JobOptions] = {}


class Planned(msgspec.Struct, frozen=True, gc=False):
    """A job to add and the place of its parent in the plan."""

    added: FlowJob
    parent: int | None


class _Node(msgspec.Struct, frozen=True, gc=False):
    """A job still to be planned; `place` leads to it from the body."""

    flow: Flow
    place: str
    level: int
    parent: int | None


def plan_flows(flows: Iterable[tuple[str, Flow]], rules: FlowRules, new_id: Callable[[], str]) -> list[Planned]:
    """Level by level over all trees, as FlowProducer adds them. Each tree comes with its place in the body.

    Raises BadField, with a pointer to what is wrong.
    """
    waiting = deque(_Node(flow, place, 1, None) for place, flow in flows)
    plan: list[Planned] = []
    taken: set[tuple[str, str]] = set()
    while waiting:
        node = waiting.popleft()
        if len(plan) == MOST_JOBS:
            raise BadField.at(node.place, InvalidInput(f"More than {MOST_JOBS} jobs in one request"))
        try:
            planned = _planned(node, plan, rules, new_id)
        except InvalidInput as error:
            raise BadField.at(node.place, error) from None
        own = (planned.added.queue, planned.added.job_id)
        if own in taken:
            raise BadField.at(f"{node.place}/opts/jobId", InvalidInput(f"jobId {own[1]} is there twice"))
        taken.add(own)
        plan.append(planned)
        children = enumerate(node.flow.children or ())
        deeper = (f"{node.place}/children", node.level + 1, len(plan) - 1)
        waiting.extend(_Node(child, f"{deeper[0]}/{i}", deeper[1], deeper[2]) for i, child in children)
    return plan


def _planned(node: _Node, plan: list[Planned], rules: FlowRules, new_id: Callable[[], str]) -> Planned:
    flow = node.flow
    _check_place(flow, node.level, rules)
    opts = dict(rules.defaults.get(flow.queue_name, {})) | flow.options()
    above = None if node.parent is None else plan[node.parent].added
    if above is not None:
        opts["parent"] = {"id": above.job_id, "queue": f"{rules.prefix}:{above.queue}"}
    job = parse_job_args(flow.name, flow.data, opts)
    _check_options(job.opts, bool(flow.children), rules)
    custom = job.opts.get("jobId")
    job_id = custom or new_id()
    return Planned(FlowJob(flow.queue_name, job, job_id, bool(flow.children), bool(custom)), node.parent)


def _check_place(flow: Flow, level: int, rules: FlowRules) -> None:
    if level > MOST_LEVELS:
        raise InvalidInput(f"More than {MOST_LEVELS} levels")
    if flow.prefix not in (None, rules.prefix):
        raise BadField.at("/prefix", InvalidInput(f"The prefix of every queue here is {rules.prefix}"))
    try:
        check_queue_name(flow.queue_name, rules.min_name, rules.max_name)
    except InvalidInput as error:
        raise BadField.at("/queueName", error) from None


def _check_options(opts: JobOptions, has_children: bool, rules: FlowRules) -> None:
    parent = opts.get("parent")
    if parent and not parent["queue"].startswith(f"{rules.prefix}:"):
        text = f"The name of a parent's queue begins with {rules.prefix}:"
        raise BadField.at("/opts/parent/queue", InvalidInput(text))
    if opts.get("repeat"):
        raise BadField.at("/opts/repeat", InvalidInput("A job of a flow cannot be repeated"))
    if has_children and opts.get("group"):
        raise BadField.at("/opts/group", InvalidInput("A flow node with children cannot be in a group"))
    if has_children and opts.get("deduplication"):
        text = "Deduplication options cannot be used on flow nodes with children"
        raise BadField.at("/opts/deduplication", InvalidInput(text))
