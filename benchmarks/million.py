"""Do a page of jobs, the counts and a claim cost the same with a million jobs stored as with a thousand?"""

import json
import time
import urllib.request
from collections.abc import Callable

from benchmarks.adding import Run
from benchmarks.contest import Contestant, Question, Score
from benchmarks.stage import DATA, QUEUE_KEY, TOKEN, Corral, Stage

_FEW, _MANY = 1_000, 1_000_000
_CALLS = 200
_STORE = """
for i = ARGV[1], ARGV[2] do
  redis.call("HSET", KEYS[1] .. i, "name", "n", "data", ARGV[3], "opts", '{"attempts":0}', "timestamp", 1, "delay", 0,
    "priority", 0)
  redis.call("LPUSH", KEYS[1] .. "wait", i)
end
redis.call("SET", KEYS[1] .. "id", ARGV[2])
"""


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """For information: the yardstick is the small queue."""
    contestants = [Contestant(f"{count:,} jobs waiting", _with(stage, count)) for count in (_FEW, _MANY)]
    return Question("million: milliseconds a call, by jobs stored", contestants, lower_is_better=True)


def _with(stage: Stage, count: int) -> Run:
    def run(_: int) -> Score:
        stage.clear()
        _store(stage, count)
        with stage.corral() as corral:
            return {
                "page ms": _median(lambda: _get(corral, "/v1/queues/mail/jobs?state=waiting&limit=20")),
                "counts ms": _median(lambda: _get(corral, "/v1/queues/mail/counts")),
                "queues ms": _median(lambda: _get(corral, "/v1/queues")),
                "claim ms": _median(lambda: corral.post("/v1/queues/mail/leases", {"count": 1})),
            }

    return run


def _store(stage: Stage, count: int) -> None:
    data = json.dumps(DATA)
    for first in range(1, count + 1, 10_000):
        stage.redis.eval(_STORE, 1, QUEUE_KEY, first, min(first + 9_999, count), data)
    stage.redis.hset(f"{QUEUE_KEY}meta", "opts.maxLenEvents", 10_000)


def _get(corral: Corral, path: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    request = urllib.request.Request(f"http://127.0.0.1:{corral.port}{path}", headers=headers)
    urllib.request.urlopen(request, timeout=10).read()


def _median(call: Callable[[], None]) -> float:
    took = []
    for _ in range(_CALLS):
        begun = time.perf_counter()
        call()
        took.append((time.perf_counter() - begun) * 1000)
    return sorted(took)[_CALLS // 2]
