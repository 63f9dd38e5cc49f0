"""Every error that corral raises on purpose, each with a stable code.

CorralError
├── InvalidInput            the caller sent something that no retry will make right
│   ├── BadField            the fields that are wrong are named
│   └── PayloadTooLarge
├── Unauthorized            a token that is not accepted
│   └── NoCredential        no token at all
├── Forbidden               the key is accepted, but may not do this
│   └── QueueForbidden      not on this queue
├── TooManyRequests         more than the caller may do in a while; try again later
├── NotFound
│   ├── JobNotFound
│   └── QueueNotFound
├── MethodNotAllowed        the path is there, but not for this method
├── JobFailed               the job whose result was asked for has none: it failed, or takes too long
├── JobLocked               somebody else holds the job
├── LockLost                the lock that the caller acted under is gone
│   └── LeaseLost
├── NotInState              the move is not allowed from the state that the job is in
│   ├── BelongsToScheduler  the job is the next one of a scheduler
│   ├── UnmetDependencies   children of the job have not finished, or failed
│   ├── QueueNotPaused      the move wants a queue that is paused
│   └── QueueActive         the move wants a queue in which no job runs
├── NameTaken               something else has that name
├── PreconditionFailed      what the caller has read is no longer what is stored
├── IdempotencyMismatch     the key was used before, for another request
├── IdempotencyInProgress   the first request with the key is not answered yet
├── StoreUnavailable        the engine cannot be reached now; try again
│   └── StoreBusy           it was reached and refuses for now, and nothing was stored
└── StoreError              the engine answered with an error of its own
"""

import msgspec


class CorralError(Exception):
    """The root, and by itself what should never happen. `code` is stable and for programs, the message for people."""

    code = "internal"


class InvalidInput(CorralError):
    """What the caller sent is refused; nothing was stored."""

    code = "invalid-input"


class FieldProblem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong with one field; `pointer` is a JSON pointer into the body, or into its line of that number (from
    1) when the body is lines of JSON; `parameter` is the name of a parameter in the path, the query or a header."""

    detail: str
    pointer: str | None = None
    parameter: str | None = None
    line: int | None = None


class BadField(InvalidInput):
    """The fields in `problems` cannot be; the first one speaks for all."""

    def __init__(self, first: FieldProblem, *others: FieldProblem) -> None:
        super().__init__(first.detail)
        self.problems = [first, *others]

    @classmethod
    def at(cls, place: str, error: InvalidInput) -> "BadField":
        """The refusal of a part, told of the whole: `place` leads to the part, as `/children/0`."""
        found = error.problems if isinstance(error, cls) else [FieldProblem(str(error), pointer="#")]
        return cls(*(_moved(problem, place) for problem in found))


def _moved(problem: FieldProblem, place: str) -> FieldProblem:
    if problem.pointer is None:
        return problem
    return FieldProblem(problem.detail, pointer=f"#{place}{problem.pointer.removeprefix('#')}")


class PayloadTooLarge(InvalidInput):
    """The request body is over the configured limit."""

    code = "payload-too-large"


class Unauthorized(CorralError):
    """No credential, or one that is not accepted here."""

    code = "unauthorized"


class NoCredential(Unauthorized):
    """No credential at all."""


class Forbidden(CorralError):
    """The caller is known, and may not do this or not on this queue."""

    code = "forbidden"


class QueueForbidden(Forbidden):
    """The caller may not use this queue."""


class TooManyRequests(CorralError):
    """More than a limit allows; `retry_after` are the seconds after which it is worth trying again."""

    code = "too-many-requests"

    def __init__(self, text: str, retry_after: int) -> None:
        super().__init__(text)
        self.retry_after = retry_after


class NotFound(CorralError):
    """The named thing does not exist."""

    code = "not-found"


class JobNotFound(NotFound):
    """The job does not exist, or no longer does."""

    code = "job-not-found"


class QueueNotFound(NotFound):
    """No queue of this name holds anything."""

    code = "queue-not-found"


class MethodNotAllowed(CorralError):
    """The path does not take this method; the header `Allow` has those that it takes."""

    code = "method-not-allowed"


class JobFailed(CorralError):
    """The job whose result was asked for has none. The message is the reason of its failure, or how long it took."""

    code = "job-failed"


class JobLocked(CorralError):
    """A worker holds the job, so it cannot be removed or changed now."""

    code = "job-locked"


class LockLost(CorralError):
    """The caller's lock on the job is gone or belongs to somebody else."""

    code = "lock-lost"


class LeaseLost(LockLost):
    """A client's lease ran out, or its job is gone; somebody else may have the job by now."""

    code = "lease-lost"


class NotInState(CorralError):
    """The job is not in the state that the move starts from."""

    code = "not-in-state"


class BelongsToScheduler(NotInState):
    """The job is the next one of a scheduler, which alone may remove it."""

    code = "belongs-to-scheduler"


class UnmetDependencies(NotInState):
    """The job cannot complete: it has children that have not finished, or that failed and may not."""

    code = "unmet-dependencies"


class QueueNotPaused(NotInState):
    """The queue must be paused first."""

    code = "queue-not-paused"


class QueueActive(NotInState):
    """Jobs of the queue are running; `force` removes them all the same."""

    code = "queue-active"


class NameTaken(CorralError):
    """Something else has the name already, and names tell apart."""

    code = "name-taken"


class PreconditionFailed(CorralError):
    """What is stored is not what the caller has read: nothing of `If-Match` is its `ETag` now."""

    code = "precondition-failed"


class IdempotencyMismatch(CorralError):
    """The `Idempotency-Key` was used in the last 24 hours for a request with another body or query."""

    code = "idempotency-mismatch"


class IdempotencyInProgress(CorralError):
    """The first request with this `Idempotency-Key` has not been answered yet; try again later for its answer."""

    code = "idempotency-in-progress"


class StoreUnavailable(CorralError):
    """The engine cannot be reached, or did not answer in time. Trying again later may work."""

    code = "store-unavailable"


class StoreBusy(StoreUnavailable):
    """The engine answered that it cannot do it now, as while it loads its data or is out of memory.

    Nothing was stored. The message is the engine's.
    """

    code = "store-busy"


class StoreError(CorralError):
    """The engine answered with an error; the message is the engine's."""

    code = "store-error"
