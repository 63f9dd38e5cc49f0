"""Leases: jobs that a client has claimed by itself, and what became of each."""

import msgspec

from corral.model.job import Job


class Lease(msgspec.Struct, frozen=True):
    """A job that the client holds until `deadline` (ms); `token` proves it."""

    job: Job
    token: str
    deadline: int


class Leases(msgspec.Struct, frozen=True):
    """The jobs of one claim; none when the wait was over before one came."""

    leases: list[Lease]


class Held(msgspec.Struct, frozen=True):
    """Names a job that the client holds."""

    id: str
    token: str


class ItemResult(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one item of a batch: `ok`, or the stable code of its error and the words."""

    id: str
    ok: bool
    code: str | None = None
    detail: str | None = None


class ItemResults(msgspec.Struct, frozen=True):
    """One result per item, in order."""

    results: list[ItemResult]
