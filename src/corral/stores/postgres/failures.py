"""What went wrong with a statement, as errors of the model."""

from collections.abc import Iterator
from contextlib import contextmanager

import asyncpg

from corral.model.errors import CorralError, InvalidInput, StoreBusy, StoreError, StoreUnavailable
from corral.policy.refusals import refusal

REFUSED = "BM001"  # how BullMQ's functions refuse; the code stands in the detail
_AWAY = ("08", "57P01", "57P02", "57P03", "57P05", "58")
_BUSY = ("53", "55P03", "57014")
_BAD_VALUE = ("22000", "22P05", "22021", "22003", "22P02", "54001", "22023", "22030")
TROUBLE = (
    asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError,
)  # fmt: skip
"""What a statement may raise; the driver's internal error is that the server spoke while it was about to ask."""

_COLLISIONS = ("40001", "40P01")
_POOLED = ("26000", "42P05")
_NOT_MIGRATED = ("42P01", "3F000", "42883", "42703")


def failure(error: BaseException, job_id: str = "", verb: str = "") -> BaseException:
    """The error to raise instead; `job_id` and `verb` are for the wording of what BullMQ refuses."""
    if isinstance(error, asyncpg.PostgresError):
        return _of_state(error, error.sqlstate or "", job_id, verb)
    if isinstance(error, TROUBLE):
        return StoreUnavailable(str(error) or type(error).__name__)
    return error


@contextmanager
def about(job_id: str, verb: str) -> Iterator[None]:
    """What BullMQ refuses in the block is told of this job, or of the one that the refusal hints at."""
    try:
        yield
    except CorralError as error:
        cause = error.__cause__
        if not isinstance(cause, asyncpg.PostgresError) or cause.sqlstate != REFUSED:
            raise
        raise failure(cause, str(cause.hint or job_id), verb) from cause


def is_away(error: BaseException) -> bool:
    """Whether the connection was lost or refused, so that it is not known what became of the statement."""
    if isinstance(error, asyncpg.PostgresError):
        return (error.sqlstate or "").startswith(_AWAY)
    return isinstance(error, TROUBLE)


def is_collision(error: BaseException) -> bool:
    """Whether the statement was rolled back for the sake of another, and may simply be done again."""
    return isinstance(error, asyncpg.PostgresError) and (error.sqlstate or "") in _COLLISIONS


def _of_state(error: asyncpg.PostgresError, state: str, job_id: str, verb: str) -> CorralError:
    text = str(error)
    if state == REFUSED:
        return refusal(int(error.detail or 0), job_id, verb)
    if state.startswith(_AWAY):
        return StoreUnavailable(text)
    if state.startswith(_BUSY):
        return StoreBusy(text)
    if state in _BAD_VALUE:
        return InvalidInput(f"Postgres cannot store this: {text}.")
    if state in _POOLED:
        return StoreError(f"{text.splitlines()[0]}: a pooler? CORRAL_PREPARED_STATEMENTS=false goes without them.")
    if state in _NOT_MIGRATED:
        return StoreError(f"{text}. Is the schema up to date? corral migrate makes it so.")
    return StoreError(text)
