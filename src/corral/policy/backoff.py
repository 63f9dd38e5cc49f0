"""When a failed job is tried again: BullMQ's fixed and exponential delays, with jitter."""

import random as randomness
from collections.abc import Callable, Mapping
from typing import Any

from corral.model.job import Job
from corral.model.outcome import Failed, Outcome
from corral.policy.javascript import MAX_SAFE, is_number

Strategy = Callable[[int, str], float]
"""A delay of one's own making: from attempts made and the type the job names to milliseconds; -1 gives up."""

_MOST_DOUBLINGS = 60  # any delay doubled so often is over the largest one anyway


def should_retry(
    job: Job,
    outcome: Outcome,
    *,
    custom: Strategy | None = None,
    random: Callable[[], float] = randomness.random,
) -> int | None:
    """Milliseconds until the next attempt after this run, or None when the job is done, well or badly."""
    if not isinstance(outcome, Failed) or outcome.unrecoverable:
        return None
    return retry_delay(job.opts, job.attempts_made + 1, custom=custom, random=random)


def retry_delay(
    opts: Mapping[str, Any],
    attempts_made: int,
    *,
    custom: Strategy | None = None,
    random: Callable[[], float] = randomness.random,
) -> int | None:
    """Milliseconds until the next attempt (0: at once), or None when none is left or the strategy gives up.

    `attempts_made` counts the one that has just failed. Takes stored options of any origin: where the type is
    unknown here, its plain delay is used, as an attempt that was promised is better made than lost.
    """
    attempts = opts.get("attempts")
    if not is_number(attempts) or attempts_made >= attempts:
        return None
    backoff = opts.get("backoff")
    if is_number(backoff):
        return _milliseconds(backoff)
    if not isinstance(backoff, Mapping):
        return 0
    kind, delay = backoff.get("type"), _positive(backoff.get("delay"))
    if kind == "delays":
        delay = _listed(backoff.get("delays"), attempts_made)
    elif kind == "exponential":
        delay = _rounded(delay * 2 ** min(attempts_made - 1, _MOST_DOUBLINGS))
    elif kind != "fixed" and custom:
        return _milliseconds(custom(attempts_made, str(kind)))
    return _milliseconds(_jittered(delay, backoff.get("jitter"), random))


def _listed(delays: Any, attempts_made: int) -> float:
    """corral's own strategy: a delay per attempt, the last one for all that follow."""
    if not isinstance(delays, list) or not delays:
        return 0
    return _positive(delays[min(attempts_made, len(delays)) - 1])


def _positive(value: Any) -> float:
    return min(value, MAX_SAFE) if is_number(value) and value > 0 else 0


def _rounded(value: float) -> int:
    """Halves go up, as in JavaScript."""
    return int(value + 0.5) if isinstance(value, float) else value


def _jittered(delay: float, jitter: Any, random: Callable[[], float]) -> float:
    """Somewhere between `delay * (1 - jitter)` and `delay`."""
    if not is_number(jitter) or jitter <= 0:
        return delay
    share = min(jitter, 1)
    return random() * delay * share + delay * (1 - share)


def _milliseconds(delay: float) -> int | None:
    if delay == -1:
        return None
    return int(min(delay, MAX_SAFE)) if delay > 0 else 0
