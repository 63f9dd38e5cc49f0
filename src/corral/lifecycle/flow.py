"""Flows: adding trees of jobs, and reading one level by level."""

from collections.abc import Sequence

import msgspec

from corral.lifecycle.add import added
from corral.model.errors import JobNotFound
from corral.model.flow import FlowNode, FlowTree
from corral.policy.flow_plan import Planned
from corral.store.store import Store

MOST_SHOWN = 1000
"""Jobs of one tree that are read; the rest is only known to be there."""


async def add_flows(store: Store, plan: Sequence[Planned], now: int) -> list[FlowTree]:
    """Store all jobs or none; the trees as BullMQ shows them right after adding. Raises as `FlowStore.add`."""
    ids = await store.flows.add([one.added for one in plan], now)
    children: list[list[FlowTree]] = [[] for _ in plan]
    roots: list[FlowTree] = []
    for at in range(len(plan) - 1, -1, -1):  # those behind it are complete when a job's turn comes
        one = plan[at].added
        job = added(f"{store.prefix}:{one.queue}", one.job, ids[at], now)
        below = children[at][::-1] if one.has_children else msgspec.UNSET
        parent = plan[at].parent
        (roots if parent is None else children[parent]).append(FlowTree(job, below))
    return roots[::-1]


async def read_flow(store: Store, queue: str, job_id: str, depth: int, breadth: int) -> FlowTree:
    """The tree below the job, of up to `depth` levels and `breadth` children each, and a thousand jobs.

    Jobs that are gone are left out. One round trip per level. Raises `JobNotFound`.
    """
    root = f"{store.prefix}:{queue}:{job_id}"
    asked: set[str] = set()
    levels: list[dict[str, FlowNode]] = []
    names = [root]
    while names and len(levels) < depth:
        asked.update(names)
        nodes = await store.flows.nodes(names, breadth)
        levels.append({name: node for name, node in zip(names, nodes, strict=True) if node is not None})
        below = dict.fromkeys(child for node in levels[-1].values() for child in node.children)
        names = [child for child in below if child not in asked][: MOST_SHOWN - len(asked)]
    if not levels[0]:
        raise JobNotFound(f"Job {job_id} not found")
    return _grown(levels, asked)[root]


def _grown(levels: list[dict[str, FlowNode]], asked: set[str]) -> dict[str, FlowTree]:
    """The trees by their names, made from the deepest level up."""
    trees: dict[str, FlowTree] = {}
    for level in reversed(levels):
        above: dict[str, FlowTree] = {}
        for name, node in level.items():
            more = node.more or any(child not in asked for child in node.children)
            shown = any(child in asked for child in node.children)
            below = [trees[child] for child in node.children if child in trees] if shown else msgspec.UNSET
            above[name] = FlowTree(node.job, below, more)
        trees |= above
    return trees
