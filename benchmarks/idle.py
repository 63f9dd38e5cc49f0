"""What does corral cost when there is nothing to do, with many registered workers?"""

import time
from pathlib import Path

from benchmarks.adding import Run
from benchmarks.contest import Contestant, Question, Score
from benchmarks.load import cpu_of
from benchmarks.stage import Corral, Stage
from corral.testing.waiting import until_blocking

_WORKERS = 200
_START_SECONDS = 20.0
_SETTLE_SECONDS = 1.0
_KIB = 1024


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """For information: there is no yardstick."""
    contestants = [
        Contestant("corral, no workers", _idle(stage, 0)),
        Contestant(f"corral, {_WORKERS} workers", _idle(stage, _WORKERS)),
    ]
    return Question("idle: CPU and memory with nothing to do", contestants, lower_is_better=True)


def _idle(stage: Stage, workers: int) -> Run:
    def run(_: int) -> Score:
        stage.clear()
        with stage.corral() as corral:
            for number in range(workers):
                target = {"url": "http://127.0.0.1:9/", "method": "POST"}
                corral.post("/workers", {"queue": f"queue-{number}", "endpoint": target})
            until_blocking(lambda: _all_wait(stage, workers), _START_SECONDS)
            time.sleep(_SETTLE_SECONDS)
            return _measure(stage, corral)

    return run


def _all_wait(stage: Stage, workers: int) -> bool:
    return int(stage.redis.info("clients")["blocked_clients"]) >= workers


def _measure(stage: Stage, corral: Corral) -> Score:
    cpu, engine, began = cpu_of(corral.pid), stage.engine_cpu(), time.perf_counter()
    time.sleep(stage.seconds)
    elapsed = time.perf_counter() - began
    return {
        "RSS MB": _resident_mb(corral.pid),
        "CPU %": 100 * (cpu_of(corral.pid) - cpu) / elapsed,
        "engine CPU %": 100 * (stage.engine_cpu() - engine) / elapsed,
        "connections": int(stage.redis.info("clients")["connected_clients"]) - 1,
    }


def _resident_mb(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) / _KIB
