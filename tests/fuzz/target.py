"""What the fuzzer shoots at: a real server in a process of its own, with queues that hold something."""

import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import requests

from corral.testing.engines import RunningEngine
from corral.testing.waiting import until_blocking
from tests.cli.program import COMMAND, environment

TOKEN = "fuzz-token"
DEADLINE = 30.0
STATES = [
    {"name": "custom", "opts": {"jobId": "custom"}},
    {"name": "later", "data": [1], "opts": {"delay": 3_600_000}},
    {"name": "soon", "data": None, "opts": {"priority": 5}},
    {"name": "alone", "data": "x", "opts": {"deduplication": {"id": "alone"}}},
    *({"name": f"plain-{number}", "data": {"n": number}} for number in range(6)),
]


class Target:
    """A running server; `seeded` makes a queue of jobs in every state."""

    def __init__(self, url: str, log: Path) -> None:
        self.url = url
        self.session = requests.Session()
        self.session.trust_env = False
        self._log = log
        self._queues = 0

    def seeded(self) -> "Seeded":
        """A queue that nobody has used before."""
        self._queues += 1
        queue = f"fuzz-{self._queues}"
        jobs = f"/v1/queues/{queue}/jobs"
        flow = {"name": "up", "queueName": queue, "children": [{"name": "down", "queueName": queue}]}
        self._post(f"/v1/queues/{queue}/leases", {"count": 1})
        self._post(jobs, STATES[4:])
        leases = self._post(f"/v1/queues/{queue}/leases", {"count": 4, "leaseMs": 86_400_000})["leases"]
        held = [{"id": lease["job"]["id"], "token": lease["token"]} for lease in leases]
        self._post(f"/v1/queues/{queue}/leases/complete", {"items": held[:1]})
        self._post(f"/v1/queues/{queue}/leases/fail", {"items": [{**held[1], "retry": False}]})
        self._post(jobs, STATES[:4])
        self._post("/v1/flows", flow)
        self._call("PUT", f"/v1/queues/{queue}/schedulers/daily", {"repeat": {"every": 86_400_000}})
        return Seeded(queue, [*map(str, range(1, 12)), "custom"], held[2:])

    def _post(self, path: str, body: Any) -> Any:
        return self._call("POST", path, body)

    def _call(self, method: str, path: str, body: Any) -> Any:
        headers = {"authorization": f"Bearer {TOKEN}"}
        reply = self.session.request(method, self.url + path, json=body, headers=headers, timeout=DEADLINE)
        assert reply.status_code < 300, reply.text
        return reply.json()

    def troubles(self) -> list[str]:
        """What the server logged as its own fault."""
        return [line for line in self._log.read_text().splitlines() if '"error"' in line or "Traceback" in line]


class Seeded:
    """A queue, the ids of its jobs, and the leases on two of them."""

    def __init__(self, queue: str, ids: list[str], held: list[dict[str, str]]) -> None:
        self.queue = queue
        self.ids = ids
        self.held = held


@contextmanager
def serving(engine: RunningEngine, folder: Path) -> Iterator[Target]:
    log = folder / "log"
    variables = {"REDIS_URL": engine.url, "AUTH_TOKENS": TOKEN, "HOST": "127.0.0.1", "PORT": "0"}
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, "serve"],
            cwd=folder,
            env=environment(**variables, CORRAL_LOG_FORMAT="json"),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        port = until_blocking(lambda: re.search(r'"port": ?(\d+)', log.read_text()), DEADLINE)
        assert port is not None
        yield Target(f"http://127.0.0.1:{port[1]}", log)
    finally:
        process.terminate()
        process.wait(DEADLINE)
