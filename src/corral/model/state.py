"""The states of a job and every legal move between them: one table for docs, dashboard and tests."""

from enum import StrEnum

import msgspec


class JobState(StrEnum):
    """Where a job is. `paused` is no state: it is a switch of the queue, under which waiting jobs stay waiting."""

    WAITING = "waiting"
    PRIORITIZED = "prioritized"
    DELAYED = "delayed"
    ACTIVE = "active"
    WAITING_CHILDREN = "waiting-children"
    COMPLETED = "completed"
    FAILED = "failed"


class Move(msgspec.Struct, frozen=True):
    """One legal move. `source` None: the job is new; `target` None: it is gone. `event` is the stream's word."""

    verb: str
    source: JobState | None
    target: JobState | None
    event: str


W, P, D, A = JobState.WAITING, JobState.PRIORITIZED, JobState.DELAYED, JobState.ACTIVE
C, F, K = JobState.COMPLETED, JobState.FAILED, JobState.WAITING_CHILDREN

MOVES: tuple[Move, ...] = (
    Move("add", None, W, "waiting"),
    Move("add", None, P, "waiting"),
    Move("add", None, D, "delayed"),
    Move("add", None, K, "waiting-children"),
    Move("claim", W, A, "active"),
    Move("claim", P, A, "active"),
    Move("finish", A, C, "completed"),
    Move("finish", A, F, "failed"),
    Move("retry", A, W, "waiting"),
    Move("retry", A, P, "waiting"),
    Move("retry", A, D, "delayed"),
    Move("retry", F, W, "waiting"),
    Move("retry", C, W, "waiting"),
    Move("retry", F, P, "waiting"),
    Move("retry", C, P, "waiting"),
    Move("rescue", A, W, "stalled"),
    Move("promote", D, W, "waiting"),
    Move("promote", D, P, "waiting"),
    Move("await-children", A, K, "waiting-children"),
    Move("release", A, W, "waiting"),
    Move("release", A, P, "waiting"),
    Move("release", K, W, "waiting"),
    Move("release", K, P, "waiting"),
    Move("release", K, D, "delayed"),
    Move("finish", K, F, "failed"),
    Move("delay", A, D, "delayed"),
    *(Move("remove", state, None, "removed") for state in (W, P, D, C, F, K)),
)

TERMINAL = frozenset({C, F})
"""Nothing happens to a job here unless somebody retries or removes it."""


def is_legal(source: JobState | None, target: JobState | None) -> bool:
    """Whether any move leads from one to the other."""
    return any(move.source == source and move.target == target for move in MOVES)
