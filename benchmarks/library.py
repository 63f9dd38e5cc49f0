"""How many jobs a second does one worker of the Python library do? Beside Node BullMQ and the queues of Python."""

import json
import os
from pathlib import Path

from benchmarks.adding import MILLION, Run, score
from benchmarks.child import output
from benchmarks.contest import Contestant, Question, Score
from benchmarks.processing import fill, watch, with_node
from benchmarks.stage import Stage

BAR = 1.5
PEERS = {
    "huey": (1, 8),
    "taskiq": (10, 100),
    "dramatiq": (1, 8),
    "saq": (10, 100),
    "bullmq": (100, 200),
    "celery": (1, 8),
}
"""The concurrency that each is tried at."""

_ROOT = Path(__file__).parents[1]
_PYTHON = _ROOT / ".venv" / "bench" / "bin" / "python"
_PEER_JOBS_PER_SECOND = 2_000
_PEER_SECONDS = 120.0


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """Jobs that do nothing, one worker process, the best concurrency of each; other Python queues where installed."""
    nodes = [
        Contestant(name, with_node(stage, package), settings=(100, 200, 300, 500), unit="at once", peer=True)
        for package, name in peers.items()
    ]
    corral = Contestant(
        "corral, Python library",
        _corral(stage),
        settings=(100, 200, 400),
        unit="at once",
        bar=stage.bar("library", BAR),
    )
    others = [
        Contestant(name, _peer(stage, name), settings=settings, unit="at once", peer=True)
        for name, settings in PEERS.items()
        if _PYTHON.exists() and stage.has_peers
    ]
    return Question("library: jobs processed", [*nodes, corral, *others])


def _corral(stage: Stage) -> Run:
    def run(concurrency: int) -> Score:
        fill(stage)
        with stage.module_running("library_worker", stage.url, str(concurrency)) as (_, pid):
            return watch(stage, pid)

    return run


def _peer(stage: Stage, name: str) -> Run:
    """The peer fills and empties a queue in a format of its own, and counts for itself."""

    def run(concurrency: int) -> Score:
        stage.clear()
        jobs = int(_PEER_JOBS_PER_SECOND * stage.seconds)
        command = [str(_PYTHON), "-m", "benchmarks.peers", name, stage.url, str(jobs), str(concurrency)]
        env = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "ignore"}
        engine = stage.engine_cpu()
        answer = json.loads(output(command, env, stage.folder / f"{name}.log", _PEER_SECONDS).splitlines()[-1])
        return score(answer["rate"], answer["cpu"], MILLION * (stage.engine_cpu() - engine) / jobs)

    return run
