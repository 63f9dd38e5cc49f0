"""What BullMQ's scripts and SQL functions mean by the codes with which they refuse."""

from corral.model.errors import CorralError, JobNotFound, LockLost, NotInState, StoreError, UnmetDependencies

_REFUSALS: dict[int, tuple[type[CorralError], str]] = {
    -1: (JobNotFound, "Missing key for job {id}."),
    -2: (LockLost, "Missing lock for job {id}."),
    -3: (NotInState, "Job {id} is not in the active state."),
    -4: (UnmetDependencies, "Job {id} has pending dependencies."),
    -5: (JobNotFound, "Missing key for parent job of {id}."),
    -6: (LockLost, "Lock mismatch for job {id}."),
    -7: (NotInState, "The parent of job {id} cannot be replaced."),
    -8: (NotInState, "Job {id} belongs to a job scheduler and cannot be removed directly."),
    -9: (UnmetDependencies, "Cannot complete job {id} because it has at least one failed child."),
    -10: (NotInState, "Cannot create job scheduler iteration - job ID already exists."),
    -11: (NotInState, "Cannot create job scheduler iteration - current and next time slots already have jobs."),
    -20: (NotInState, "The queue is paused."),
    -21: (NotInState, "As many jobs of the queue are active as it allows."),
    -22: (NotInState, "The rate limit of the queue is used up."),
}
"""What the negative answers stand for; the codes are BullMQ's, but for those under -19."""


def refusal(code: int, job_id: str, verb: str) -> CorralError:
    """The error that a negative answer stands for."""
    kind, text = _REFUSALS.get(code, (StoreError, f"Unknown code {code} for job {{id}}."))
    return kind(f"{text.replace('{id}', job_id)} {verb}".rstrip())
