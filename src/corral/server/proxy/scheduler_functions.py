"""Functions of the queue socket on job schedulers that are no operations of their own."""

from typing import Annotated

import msgspec

from corral.operations.schedulers import ShownScheduler, list_range
from corral.operations.services import Services
from corral.server.proxy.function import Arguments, Function

_Position = Annotated[int, msgspec.Meta(ge=-(2**53), le=2**53)]
_maybe_position = msgspec.json.Decoder(_Position | None).decode
_maybe_flag = msgspec.json.Decoder(bool | None).decode


async def get_job_schedulers(services: Services, queue: str, args: Arguments) -> list[ShownScheduler]:
    """`getJobSchedulers(start?, end?, asc?)`: by position, where the HTTP operation has cursors."""
    start = _maybe_position(args[0]) if args else None
    end = _maybe_position(args[1]) if len(args) > 1 else None
    asc = _maybe_flag(args[2]) if len(args) > 2 else None
    return await list_range(services, queue, start or 0, -1 if end is None else end, bool(asc))


SCHEDULER_FUNCTIONS = {"getJobSchedulers": Function(0, 3, get_job_schedulers)}
