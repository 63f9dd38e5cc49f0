"""From errors to answers, in one place."""

from corral.model.errors import (
    CorralError,
    Forbidden,
    IdempotencyInProgress,
    IdempotencyMismatch,
    InvalidInput,
    JobFailed,
    JobLocked,
    LockLost,
    MethodNotAllowed,
    NameTaken,
    NotFound,
    NotInState,
    PayloadTooLarge,
    PreconditionFailed,
    StoreUnavailable,
    TooManyRequests,
    Unauthorized,
)
from corral.server.http.message import Response

_STATUS: tuple[tuple[type[CorralError], int], ...] = (
    (PayloadTooLarge, 413),
    (InvalidInput, 400),
    (Unauthorized, 401),
    (Forbidden, 403),
    (TooManyRequests, 429),
    (NotFound, 404),
    (MethodNotAllowed, 405),
    (JobFailed, 409),
    (JobLocked, 409),
    (LockLost, 409),
    (NotInState, 409),
    (NameTaken, 409),
    (IdempotencyInProgress, 409),
    (PreconditionFailed, 412),
    (IdempotencyMismatch, 422),
    (StoreUnavailable, 503),
)


def status_of(error: CorralError | type[CorralError]) -> int:
    """The HTTP status that says the same as the error; 500 for what should not have happened."""
    found = error if isinstance(error, type) else type(error)
    for kind, status in _STATUS:
        if issubclass(found, kind):
            return status
    return 500


def as_text(error: CorralError) -> Response:
    """The compatibility routes answer an error with its words in plain text."""
    headers = (("retry-after", str(error.retry_after)),) if isinstance(error, TooManyRequests) else ()
    return Response(status_of(error), str(error).encode(), headers=headers)
