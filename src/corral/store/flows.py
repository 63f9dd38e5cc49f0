"""Flows: trees of jobs over any queues. A job is named `prefix:queue:id`."""

from collections.abc import Sequence
from typing import Protocol

from corral.model.flow import FlowJob, FlowNode


class FlowStore(Protocol):
    """One round trip each, if not said otherwise."""

    async def add(self, jobs: Sequence[FlowJob], now: int) -> list[str]:
        """Store the jobs, every parent before its children, all or none; their ids in order.

        A job with a custom id that is there already joins the flow as it is. No parent runs before all of its
        children are in. With custom ids or parents outside of the flow up to two round trips more. Raises
        `JobNotFound` for a parent outside that is not there, `NotInState` for a job that has another parent.
        """
        ...

    async def nodes(self, names: Sequence[str], breadth: int) -> list[FlowNode | None]:
        """The jobs in the order of the names, None for each that is gone, with up to `breadth` children each.

        Children that completed come first, then the unfinished, the failed, and those whose failure is ignored.
        """
        ...

    async def remove_unprocessed_children(self, queue: str, job_id: str) -> None:
        """Delete the children, and all below them, that have neither finished nor been taken up by a worker.

        A parent that waited for these alone goes on. Raises `JobNotFound`.
        """
        ...

    async def remove_child_dependency(self, queue: str, job_id: str) -> bool:
        """Let the job's parent no longer wait for it; False when it does not anyway. Two round trips.

        Raises `JobNotFound`, also for a parent that is gone.
        """
        ...
