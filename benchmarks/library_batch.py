"""How many jobs a second can callers of the Python library add in bulk? Beside Node and other queues on Postgres."""

from benchmarks.contest import Question
from benchmarks.library_single import adds
from benchmarks.stage import Stage

_CALLERS = 4
_SIZE = 1_000


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """1,000 jobs a call, from 4 callers in one process of each."""
    return adds(f"library-batch: jobs added {_SIZE:,} at a time", stage, peers, callers=_CALLERS, batch=_SIZE)
