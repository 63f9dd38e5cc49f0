"""What every benchmark stands on: one engine, and corral or Node beside it for the length of a run."""

import json
import os
import shutil
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

import redis

from benchmarks.child import child, output, tail
from benchmarks.load import cpu_of
from benchmarks.profiling import command, watched
from corral.testing.engines import RunningEngine, free_port
from corral.testing.waiting import until_blocking

DATA = {"to": "somebody@example.com", "n": 1}
"""The data of every job."""

TOKEN = "benchmark"
AUTHORIZATION = f"Authorization: Bearer {TOKEN}"
QUEUE_KEY = "bull:mail:"

_HERE = Path(__file__).parent
_MODULES = _HERE.parent / "tests" / "interop"
_START_SECONDS = 20.0
_NODE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Corral:
    """A running `corral serve`."""

    port: int
    pid: int

    def post(self, path: str, body: object) -> None:
        """Raises HTTPError unless the answer is 2xx."""
        data = json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", data, headers)
        urllib.request.urlopen(request, timeout=10).read()


class Stage:
    """`seconds` is how long a run measures, `warm_up` how long it goes on before that."""

    filler = "bullmq5"
    """The package of Node with which a queue is filled."""
    jobs_per_second = 10_000
    """How many jobs a queue is filled with, for each second that a run measures."""
    node_jobs_per_second = 10_000
    """The same for BullMQ of Node."""
    look_seconds = 0.1
    _variable = "REDIS_URL"

    def __init__(self, engine: RunningEngine, folder: Path, seconds: float, profile: Path | None) -> None:
        self.seconds = seconds
        self.warm_up = 1.0
        self.engine = engine
        self.redis = redis.Redis(port=engine.port or 0, socket_timeout=_START_SECONDS)
        self.folder = folder
        self._profile = profile
        # Rewriting the append-only file in the middle of one run and not of the next would be noise.
        self.redis.config_set("auto-aof-rewrite-percentage", 0)

    @property
    def url(self) -> str:
        """Of the engine."""
        return self.engine.url

    def bar(self, question: str, usual: float | None) -> float | None:
        """The ratio to reach; `usual` is that on Redis."""
        return usual

    def clear(self) -> None:
        """An empty engine with an empty append-only file."""
        self.redis.flushall()
        self.redis.bgrewriteaof()
        until_blocking(lambda: not self._rewriting(), _START_SECONDS)

    def engine_cpu(self) -> float:
        """Seconds of CPU that the engine has used."""
        return cpu_of(self.engine.pid)

    def added(self) -> int:
        """Jobs that the queue has ever been given, as the engine counts them."""
        return int(self.redis.get(QUEUE_KEY + "id") or 0)

    def ended(self, state: str) -> int:
        """Jobs of the queue in the state, completed or failed."""
        return int(self.redis.zcard(QUEUE_KEY + state))

    @contextmanager
    def corral(self) -> Iterator[Corral]:
        """`corral serve` as it is installed, ready for requests."""
        port = free_port()
        start = command(["serve", "--port", str(port), "--host", "127.0.0.1"], self._profile)
        env = {
            **os.environ,
            "AUTH_TOKENS": TOKEN,
            self._variable: self.url,
            "CORRAL_LOG_LEVEL": "warning",
        }
        log = self.folder / "corral.log"
        with child(start, env, log) as process:
            until_blocking(lambda: _is_healthy(port, process, log), _START_SECONDS)
            with watched(process.pid, self._profile):
                yield Corral(port, process.pid)

    def node(self, script: str, package: str, **options: Any) -> Any:
        """Run a script of `node/` to its end and return its answer."""
        text = output(self._node(script, package, options), os.environ, self.folder / "node.log", _NODE_SECONDS)
        return json.loads(text)

    @contextmanager
    def node_running(self, script: str, package: str, **options: Any) -> Iterator[int]:
        """Run a script of `node/` for the length of the block; its process id."""
        with child(self._node(script, package, options), os.environ, self.folder / "node.log") as process:
            yield process.pid

    @contextmanager
    def module_running(self, name: str, *arguments: str) -> Iterator[tuple[int, int]]:
        """Run a module of this package, which prints its port first; the port and the process id."""
        with child(
            [sys.executable, "-m", f"benchmarks.{name}", *arguments], os.environ, self.folder / f"{name}.log"
        ) as process:
            assert process.stdout is not None
            yield int(process.stdout.readline()), process.pid

    def _node(self, script: str, package: str, options: dict[str, Any]) -> list[str]:
        given = {"modules": str(_MODULES / "package.json"), "package": package, **self._place()}
        return ["node", str(_HERE / "node" / f"{script}.mjs"), json.dumps({**given, "data": DATA, **options})]

    def _place(self) -> dict[str, Any]:
        return {"port": self.engine.port}

    def _rewriting(self) -> bool:
        state = self.redis.info("persistence")
        return bool(state["aof_rewrite_in_progress"] or state["aof_rewrite_scheduled"])


def versions(every: bool) -> dict[str, str]:
    """The packages to compare with, the yardstick first, and what to call them. Ends the program without them."""
    if not shutil.which("node") or not (_MODULES / "node_modules" / "bullmq5").is_dir():
        sys.exit("The benchmarks need Node and its packages: npm ci --prefix tests/interop --ignore-scripts")
    packages = ["bullmq5", "bullmq6"] if every else ["bullmq5"]
    return {package: f"Node BullMQ {_version(package)}" for package in packages}


def _version(package: str) -> str:
    manifest = json.loads((_MODULES / "node_modules" / package / "package.json").read_text())
    return str(manifest["version"])


def _is_healthy(port: int, process: "Popen[str]", log: Path) -> bool:
    if process.poll() is not None:
        raise RuntimeError(f"corral ended with code {process.returncode}:\n{tail(log)}")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1) as answer:
            return bool(json.load(answer)["status"] == "healthy")
    except (OSError, urllib.error.URLError):
        time.sleep(0.02)
        return False
