"""How many jobs a second can callers of the Python library add one by one? Beside Node and other queues on Postgres."""

import json
import os
import sys

from benchmarks.adding import MILLION, Run, check_added, score, with_node
from benchmarks.child import output
from benchmarks.contest import Contestant, Question, Score
from benchmarks.postgres_peers import adding
from benchmarks.stage import Stage

_CALLERS = 64
_SECONDS = 120.0


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """One job a call, from 64 callers in one process of each."""
    bar = stage.bar("library-single", None)
    return adds("library-single: jobs added one by one", stage, peers, callers=_CALLERS, batch=1, bar=bar)


def adds(
    title: str, stage: Stage, peers: dict[str, str], *, callers: int, batch: int, bar: float | None = None
) -> Question:
    """Everybody adds `batch` jobs a call from as many callers."""
    nodes = [
        Contestant(name, with_node(stage, package, batch=batch), settings=(callers,), unit="callers", peer=True)
        for package, name in peers.items()
    ]
    corral = Contestant("corral, Python library", _corral(stage, batch), settings=(callers,), unit="callers", bar=bar)
    return Question(title, [*nodes, corral, *adding(stage, callers, batch)])


def _corral(stage: Stage, batch: int) -> Run:
    def run(callers: int) -> Score:
        stage.clear()
        order = {"url": stage.url, "callers": callers, "batch": batch}
        order |= {"seconds": stage.seconds, "warmUp": stage.warm_up}
        command = [sys.executable, "-m", "benchmarks.library_adder", json.dumps(order)]
        engine = stage.engine_cpu()
        answer = json.loads(output(command, os.environ, stage.folder / "adder.log", _SECONDS))
        engine = stage.engine_cpu() - engine
        check_added(stage, answer["added"])
        return score(answer["rate"], answer["cpu"], MILLION * engine / answer["added"])

    return run
