"""From errors to answers, in one place."""

from corral.model.errors import (
    CorralError,
    InvalidInput,
    JobLocked,
    LockLost,
    NotFound,
    NotInState,
    PayloadTooLarge,
    StoreUnavailable,
    Unauthorized,
)
from corral.server.http.message import Response

_STATUS: tuple[tuple[type[CorralError], int], ...] = (
    (PayloadTooLarge, 413),
    (InvalidInput, 400),
    (Unauthorized, 401),
    (NotFound, 404),
    (JobLocked, 409),
    (LockLost, 409),
    (NotInState, 409),
    (StoreUnavailable, 503),
)


def status_of(error: CorralError) -> int:
    """The HTTP status that says the same as the error; 500 for what should not have happened."""
    for kind, status in _STATUS:
        if isinstance(error, kind):
            return status
    return 500


def as_text(error: CorralError) -> Response:
    """The compatibility routes answer an error with its words in plain text."""
    return Response(status_of(error), str(error).encode())
