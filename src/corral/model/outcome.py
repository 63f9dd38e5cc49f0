"""How one run of a job ended."""

import msgspec


class Completed(msgspec.Struct, frozen=True, gc=False):
    """The run succeeded; `returnvalue` is JSON."""

    returnvalue: bytes


class Failed(msgspec.Struct, frozen=True, gc=False):
    """The run failed. `unrecoverable` skips the attempts that are left."""

    reason: str
    stacktrace: str | None = None
    unrecoverable: bool = False


class Released(msgspec.Struct, frozen=True, gc=False):
    """The run never began: the job goes back to the front of its queue and no attempt is used up."""


class Postponed(msgspec.Struct, frozen=True, gc=False):
    """The run is to begin again `delay` milliseconds from now; no attempt is used up."""

    delay: int


class AwaitingChildren(msgspec.Struct, frozen=True, gc=False):
    """The run goes on when the job's children have ended; no attempt is used up."""


Outcome = Completed | Failed | Released | Postponed | AwaitingChildren
