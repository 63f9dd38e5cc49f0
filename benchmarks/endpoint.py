"""How many jobs a second go through an HTTP endpoint? Beside Node's own worker, which needs no HTTP."""

from benchmarks.adding import Run
from benchmarks.contest import Contestant, Question, Score
from benchmarks.processing import fill, watch, with_node
from benchmarks.stage import Stage

BAR = 1.06


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """Jobs that do nothing: Node at its best concurrency, the endpoint at 100."""
    nodes = [
        Contestant(name, with_node(stage, package), settings=(100, 200, 300, 500), unit="at once", peer=True)
        for package, name in peers.items()
    ]
    corral = Contestant("corral, HTTP endpoint", _with_endpoint(stage), settings=(100,), unit="at once", bar=BAR)
    return Question("endpoint: jobs processed", [*nodes, corral])


def _with_endpoint(stage: Stage) -> Run:
    def run(concurrency: int) -> Score:
        filled = fill(stage)
        with stage.corral() as corral, stage.module_running("cheap_endpoint") as (port, pid):
            target = {"url": f"http://127.0.0.1:{port}/", "method": "POST"}
            corral.post("/workers", {"queue": "mail", "endpoint": target, "opts": {"concurrency": concurrency}})
            return watch(stage, filled, corral.pid, pid)

    return run
