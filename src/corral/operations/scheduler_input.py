"""A scheduler as it comes from outside, and what is stored of it."""

from typing import Annotated

import msgspec

from corral.model.errors import BadField, InvalidInput
from corral.model.scheduler import NewScheduler
from corral.operations.job_input import GivenOptions, Name, plain
from corral.policy.options import tidy
from corral.policy.scheduling import new_scheduler, template_options

Tags = Annotated[str, msgspec.Meta(description="What `ETag` said when the scheduler was read; `*` is any scheduler.")]
_Milliseconds = Annotated[float, msgspec.Meta(ge=0, lt=2**53)]
_Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]
_Moment = int | float | str
"""Milliseconds since the epoch, or a date as JavaScript reads it."""


class Repeat(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """When the jobs come: `every` so many milliseconds, or by a cron `pattern` (with six fields, seconds come first).

    `tz` is the pattern's time zone (an IANA name, else UTC) and `hashSeed` decides what its `H` stand for. `offset`
    (ms) moves the slots of `every`. `limit` is the number of jobs. With `immediately` the first one comes now.
    """

    every: _Milliseconds | None = None
    pattern: str | None = None
    tz: str | None = None
    limit: _Count | None = None
    start_date: _Moment | None = None
    end_date: _Moment | None = None
    offset: _Milliseconds | None = None
    immediately: bool | None = None
    count: _Count | None = None
    """Jobs that are behind already, for `limit`."""
    key: str | None = None
    hash_seed: str | None = None


class JobTemplate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the jobs are like. Their name is the scheduler's id unless given; `data` is any JSON."""

    name: Name | None = None
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    opts: GivenOptions | None = None


class PutScheduler(msgspec.Struct, frozen=True):
    """The scheduler to store under the id, in place of the one that is there."""

    queue: str
    id: Name
    repeat: Repeat
    template: JobTemplate = JobTemplate()
    if_match: Tags | None = None


def given_scheduler(request: PutScheduler, now: int) -> NewScheduler:
    """Raises `BadField`, with a pointer to what is wrong."""
    template = request.template
    try:
        opts = template_options(plain(template.opts))
    except InvalidInput as error:
        raise BadField.at("/template/opts", error) from None
    data = b"{}" if template.data is msgspec.UNSET or bytes(template.data) == b"null" else bytes(template.data)
    repeat = tidy(msgspec.to_builtins(request.repeat))
    try:
        return new_scheduler(request.id, template.name or request.id, data, repeat, opts, now)
    except InvalidInput as error:
        raise BadField.at("/repeat", error) from None
