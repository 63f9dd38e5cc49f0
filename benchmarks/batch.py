"""How many jobs a second can be added in batches of 100? Over HTTP, beside Node without HTTP."""

import json

from benchmarks.adding import over_http, with_node
from benchmarks.contest import Contestant, Question
from benchmarks.stage import DATA, Stage

BAR = 1.9
_SIZE = 100
_BODY = json.dumps([{"name": "job", "data": DATA}] * _SIZE).encode()


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """Node's addBulk from 4 callers, beside the best of a few numbers of connections."""
    nodes = [
        Contestant(name, with_node(stage, package, batch=_SIZE), settings=(4,), unit="callers", peer=True)
        for package, name in peers.items()
    ]
    run = over_http(stage, _BODY, batch=_SIZE)
    corral = Contestant("corral, HTTP", run, settings=(4, 8, 16), unit="connections", bar=stage.bar("batch", BAR))
    return Question(f"batch: jobs added {_SIZE} at a time", [*nodes, corral])
