"""How many jobs a second does one worker of the Python library do? Beside Node BullMQ and the queues of Python."""

import json
import os
from pathlib import Path

from benchmarks.adding import MILLION, Run, score
from benchmarks.child import output
from benchmarks.contest import Contestant, Question, Score
from benchmarks.postgres_peers import processing
from benchmarks.postgres_stage import PostgresStage
from benchmarks.processing import fill, watch, with_node
from benchmarks.stage import Stage

BAR = 1.5

_ROOT = Path(__file__).parents[1]
_VENV = _ROOT / ".venv"
PEERS = {
    _VENV / "bench" / "bin" / "python": {
        "huey": (1, 8),
        "taskiq": (10, 100),
        "dramatiq": (1, 8),
        "saq": (10, 100),
        "streaq": (100, 1000),
        "bullmq": (100, 200),
        "celery": (1, 8),
    },
    _VENV / "bench-apart" / "bin" / "python": {"arq": (100, 1000)},
}
"""The queues of Python on Redis by where they are installed, and the concurrency that each is tried at."""

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
        settings=(100, 400, 1000, 2000),
        unit="at once",
        bar=stage.bar("library", BAR),
    )
    return Question("library: jobs processed", [*nodes, corral, *_on_redis(stage), *processing(stage)])


def _on_redis(stage: Stage) -> list[Contestant]:
    return [
        Contestant(name, _peer(stage, name, python), settings=settings, unit="at once", peer=True)
        for python, peers in PEERS.items()
        for name, settings in peers.items()
        if python.exists() and not isinstance(stage, PostgresStage)
    ]


def _corral(stage: Stage) -> Run:
    def run(concurrency: int) -> Score:
        filled = fill(stage)
        with stage.module_running("library_worker", stage.url, str(concurrency)) as (_, pid):
            return watch(stage, filled, pid)

    return run


def _peer(stage: Stage, name: str, python: Path) -> Run:
    """The peer fills and empties a queue in a format of its own, and counts for itself."""

    def run(concurrency: int) -> Score:
        stage.clear()
        jobs = int(_PEER_JOBS_PER_SECOND * stage.seconds)
        command = [str(python), "-m", "benchmarks.peers", name, stage.url, str(jobs), str(concurrency)]
        env = {**os.environ, "PYTHONPATH": str(_ROOT), "PYTHONWARNINGS": "ignore"}
        engine = stage.engine_cpu()
        answer = json.loads(output(command, env, stage.folder / f"{name}.log", _PEER_SECONDS).splitlines()[-1])
        return score(answer["rate"], answer["cpu"], MILLION * (stage.engine_cpu() - engine) / jobs)

    return run
