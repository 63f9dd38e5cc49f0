"""How many jobs a second can be added one by one? Over HTTP, beside Node without HTTP."""

import json

from benchmarks.adding import over_http, with_node
from benchmarks.contest import Contestant, Question
from benchmarks.stage import DATA, Stage

BAR = 0.88
_BODY = json.dumps([{"name": "job", "data": DATA}]).encode()


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """One job a call, from 64 callers on either side."""
    nodes = [
        Contestant(name, with_node(stage, package, batch=1), settings=(64,), unit="callers", peer=True)
        for package, name in peers.items()
    ]
    run = over_http(stage, _BODY, batch=1)
    corral = Contestant("corral, HTTP", run, settings=(64,), unit="connections", bar=stage.bar("single", BAR))
    return Question("single: jobs added one by one", [*nodes, corral])
