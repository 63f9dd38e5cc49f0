"""The other queues on Postgres: each fills, works off and counts a database of its own on the same server."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.adding import MILLION, Run, score
from benchmarks.child import child, output, tail
from benchmarks.contest import Contestant, Score
from benchmarks.postgres_stage import PostgresStage, ask
from benchmarks.processing import watch
from benchmarks.stage import Stage

_HERE = Path(__file__).parent
_PYTHON = _HERE.parent / ".venv" / "bench-apart" / "bin" / "python"
_NODE = _HERE / "node"
_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Peer:
    """`left` counts the jobs that have not ended, `settings` are tried for what `unit` says."""

    name: str
    command: Sequence[str]
    needs: Path
    left: str
    settings: Sequence[int]
    unit: str
    jobs_per_second: int


def _of_python(module: str, *rest: Any) -> Peer:
    return Peer(module, (str(_PYTHON), "-m", "benchmarks.peers.on_postgres", module), _PYTHON, *rest)


def _of_node(name: str, module: str, *rest: Any) -> Peer:
    return Peer(name, ("node", str(_NODE / "on_postgres.mjs"), module), _NODE / "node_modules" / "pg", *rest)


PEERS = (
    _of_python("pgqueuer", "SELECT count(*) FROM pgqueuer", (100, 500, 2000), "a batch", 15_000),
    _of_python(
        "procrastinate",
        "SELECT count(*) FROM procrastinate_jobs WHERE status <> 'succeeded'",
        (10, 100),
        "at once",
        700,
    ),
    _of_node(
        "pg-boss",
        "pg_boss",
        "SELECT count(*) FROM pgboss.job WHERE state <> 'completed'",
        (500, 2000),
        "a batch",
        15_000,
    ),
    _of_node(
        "graphile-worker",
        "graphile_worker",
        "SELECT count(*) FROM graphile_worker._private_jobs",
        (500, 2000),
        "in its local queue",
        20_000,
    ),
)


def processing(stage: Stage) -> list[Contestant]:
    """Those that are installed, at work in one process."""
    if not isinstance(stage, PostgresStage):
        return []
    return [Contestant(peer.name, _work(stage, peer), peer.settings, peer.unit, peer=True) for peer in _installed()]


def adding(stage: Stage, callers: int, batch: int) -> list[Contestant]:
    """Those that are installed, fed by so many callers in one process."""
    if not isinstance(stage, PostgresStage):
        return []
    return [
        Contestant(peer.name, _add(stage, peer, batch), settings=(callers,), unit="callers", peer=True)
        for peer in _installed()
    ]


def _installed() -> list[Peer]:
    return [peer for peer in PEERS if peer.needs.exists()]


class _Filled:
    def __init__(self, url: str, jobs: int, left: str) -> None:
        self.jobs = jobs
        self._url = url
        self._left = left

    def ended(self, state: str) -> int:
        """None has a state for failure that all know: what fails is not completed, and so missed at the end."""
        return self.jobs - int(ask(self._url, self._left)) if state == "completed" else 0


def _work(stage: PostgresStage, peer: Peer) -> Run:
    """Raises RuntimeError unless each of the jobs has really run, and is over for the peer as well."""

    def run(setting: int) -> Score:
        url = stage.database("peer")
        jobs = int(peer.jobs_per_second * stage.seconds)
        log = stage.folder / f"{peer.name}.log"
        output(_command(peer, url, task="fill", jobs=jobs), _env(), log, _SECONDS)
        with child(_command(peer, url, task="work", setting=setting), _env(), log) as process:
            found = watch(stage, _Filled(url, jobs, peer.left), process.pid)
            process.terminate()
            text, _ = process.communicate(timeout=_SECONDS)
        if not text or json.loads(text)["ran"] != jobs:
            raise RuntimeError(f"{peer.name} ran {text or 'none'} of {jobs} jobs:\n{tail(log)}")
        return found

    return run


def _add(stage: PostgresStage, peer: Peer, batch: int) -> Run:
    """Raises RuntimeError when it has stored less than it says."""

    def run(callers: int) -> Score:
        url = stage.database("peer")
        log = stage.folder / f"{peer.name}.log"
        order = {"callers": callers, "batch": batch, "seconds": stage.seconds, "warmUp": stage.warm_up}
        engine = stage.engine_cpu()
        answer = json.loads(output(_command(peer, url, task="add", **order), _env(), log, _SECONDS))
        engine = stage.engine_cpu() - engine
        stored = int(ask(url, peer.left))
        if stored < answer["added"]:
            raise RuntimeError(f"{peer.name} acknowledged {answer['added']} jobs, but only {stored} are stored")
        return score(answer["rate"], answer["cpu"], MILLION * engine / answer["added"])

    return run


def _command(peer: Peer, url: str, **order: Any) -> list[str]:
    return [*peer.command, json.dumps({"url": url, **order})]


def _env() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(_HERE.parent), "PYTHONWARNINGS": "ignore"}
