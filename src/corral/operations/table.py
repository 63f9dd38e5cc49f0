"""Every operation, in the order of the reference docs."""

from corral.operations import leases, queue_moves
from corral.operations.operation import Operation

OPERATIONS: tuple[Operation, ...] = (*queue_moves.OPERATIONS, *leases.OPERATIONS,)
