"""Every operation, in the order of the reference docs."""

from corral.operations import (
    bulk_moves,
    crew,
    deduplication,
    events,
    flows,
    job_adding,
    job_attempts,
    job_children,
    job_details,
    job_moves,
    job_reading,
    job_results,
    leases,
    queue_directory,
    queue_limits,
    queue_moves,
    queue_upkeep,
    schedulers,
)
from corral.operations.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *queue_directory.OPERATIONS,
    *queue_moves.OPERATIONS,
    *bulk_moves.OPERATIONS,
    *queue_upkeep.OPERATIONS,
    *queue_limits.OPERATIONS,
    *job_adding.OPERATIONS,
    *job_reading.OPERATIONS,
    *job_moves.OPERATIONS,
    *job_details.OPERATIONS,
    *job_attempts.OPERATIONS,
    *job_results.OPERATIONS,
    *job_children.OPERATIONS,
    *deduplication.OPERATIONS,
    *flows.OPERATIONS,
    *schedulers.OPERATIONS,
    *leases.OPERATIONS,
    *crew.OPERATIONS,
    *events.OPERATIONS,
)
