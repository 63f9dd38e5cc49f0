"""Every operation, in the order of the reference docs."""

from corral.operations import bulk_moves, events, leases, queue_directory, queue_limits, queue_moves
from corral.operations.operation import Operation

OPERATIONS: tuple[Operation, ...] = (
    *queue_directory.OPERATIONS,
    *queue_moves.OPERATIONS,
    *bulk_moves.OPERATIONS,
    *queue_limits.OPERATIONS,
    *leases.OPERATIONS,
    *events.OPERATIONS,
)
