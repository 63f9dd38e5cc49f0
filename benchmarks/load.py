"""A cheap HTTP load generator: each of its connections sends its next request when the last is answered.

    python -m benchmarks.load --port 8080 --connections 64 --seconds 3 --method POST --path /queues/q/jobs \
        --body-file jobs.json --header "Authorization: Bearer secret"
"""

import argparse
import asyncio
import json
import os
import sys
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import uvloop

_CONNECT_TIMEOUT = 10.0
_ANSWER_TIMEOUT = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """What to send, where, and for how long; the first `warm_up` seconds are not counted."""

    port: int
    host: str = "127.0.0.1"
    method: str = "GET"
    path: str = "/"
    headers: tuple[str, ...] = ()
    body: bytes = b""
    connections: int = 64
    seconds: float = 3.0
    warm_up: float = 0.5
    server_pid: int = 0

    def request(self) -> bytes:
        """The bytes of one request."""
        lines = [f"{self.method} {self.path} HTTP/1.1", f"Host: {self.host}:{self.port}", *self.headers]
        if self.body:
            lines.append(f"Content-Length: {len(self.body)}")
        return "\r\n".join([*lines, "", ""]).encode() + self.body


@dataclass(frozen=True, slots=True)
class Report:
    """What came of it: latencies in milliseconds, CPU in microseconds per request (server: 0 if unknown)."""

    requests: int
    errors: int
    rate: float
    p50: float
    p90: float
    p99: float
    worst: float
    client_cpu: float
    server_cpu: float

    def __str__(self) -> str:
        cpu = f"cpu/request: client {self.client_cpu:.1f} us"
        if self.server_cpu:
            cpu += f", server {self.server_cpu:.1f} us"
        return (
            f"{self.rate:,.0f} requests/s ({self.requests} answered, {self.errors} errors)\n"
            f"latency ms: p50 {self.p50:.2f}  p90 {self.p90:.2f}  p99 {self.p99:.2f}  max {self.worst:.2f}\n"
            f"{cpu}"
        )


def run_load(load: Load) -> Report:
    """Run it in a loop of its own and report. Raises OSError when nothing listens there."""
    return uvloop.run(_run(load))


@dataclass(slots=True)
class _Tally:
    counting: bool = False
    stopping: bool = False
    errors: int = 0
    latencies: list[float] = field(default_factory=list)
    open: int = 0
    closed: asyncio.Event = field(default_factory=asyncio.Event)


async def _run(load: Load) -> Report:
    loop = asyncio.get_running_loop()
    tally = _Tally()
    request = load.request()
    async with asyncio.timeout(_CONNECT_TIMEOUT):
        for _ in range(load.connections):
            await loop.create_connection(lambda: _Connection(request, tally), load.host, load.port)
    await asyncio.sleep(load.warm_up)
    tally.errors = 0
    tally.counting = True
    started, client, server = time.perf_counter(), time.process_time(), cpu_of(load.server_pid)
    await asyncio.sleep(load.seconds)
    tally.counting = False
    elapsed = time.perf_counter() - started
    client, server = time.process_time() - client, cpu_of(load.server_pid) - server
    tally.stopping = True
    try:
        async with asyncio.timeout(_ANSWER_TIMEOUT):
            await tally.closed.wait()
    except TimeoutError:
        tally.errors += tally.open
    return _report(tally, elapsed, client, server)


class _Connection(asyncio.Protocol):
    def __init__(self, request: bytes, tally: _Tally) -> None:
        self._request = request
        self._tally = tally
        self._buffer = b""
        self._sent = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._tally.open += 1
        self._transport = cast(asyncio.Transport, transport)
        self._write = self._transport.write
        self._next()

    def _next(self) -> None:
        self._sent = time.perf_counter()
        self._write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        if not is_answered(data):
            self._buffer = data
            return
        self._buffer = b""
        tally = self._tally
        if tally.counting:
            tally.latencies.append(time.perf_counter() - self._sent)
            if data[9:10] != b"2":
                tally.errors += 1
        if tally.stopping:
            self._transport.close()
            return
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        tally = self._tally
        if not tally.stopping:
            tally.errors += 1
        tally.open -= 1
        if not tally.open:
            tally.closed.set()


def is_answered(data: bytes) -> bool:
    """Whether an answer with its body is here."""
    head = data.find(b"\r\n\r\n")
    return head >= 0 and len(data) >= head + 4 + _content_length(data, head)


def _content_length(data: bytes, head: int) -> int:
    for spelling in (b"content-length: ", b"Content-Length: "):
        start = data.find(spelling, 0, head)
        if start >= 0:
            start += 16
            return int(data[start : data.index(b"\r", start)])
    return 0


def _report(tally: _Tally, elapsed: float, client: float, server: float) -> Report:
    latencies = sorted(tally.latencies) or [0.0]
    count = len(tally.latencies)

    def percentile(share: float) -> float:
        return 1000 * latencies[min(len(latencies) - 1, int(share * len(latencies)))]

    return Report(
        requests=count,
        errors=tally.errors,
        rate=count / elapsed,
        p50=percentile(0.5),
        p90=percentile(0.9),
        p99=percentile(0.99),
        worst=1000 * latencies[-1],
        client_cpu=1e6 * client / max(1, count),
        server_cpu=1e6 * server / max(1, count),
    )


def cpu_of(pid: int) -> float:
    """Seconds of CPU a process has used, from /proc; 0 where that cannot be known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() if pid else []
    except OSError:
        fields = []
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def main(arguments: list[str]) -> None:
    """Parse the command line, run, print."""
    parser = argparse.ArgumentParser(prog="benchmarks.load", description=__doc__.partition("\n")[0])
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--method", default="GET")
    parser.add_argument("--path", default="/")
    parser.add_argument("--header", action="append", default=[])
    parser.add_argument("--body-file", type=Path)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--warm-up", type=float, default=0.5)
    parser.add_argument("--server-pid", type=int, default=0, help="also report this process's CPU per request")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    as_json = given.json
    options = {key: value for key, value in vars(given).items() if key not in ("json", "header", "body_file")}
    body = given.body_file.read_bytes() if given.body_file else b""
    report = run_load(Load(headers=tuple(given.header), body=body, **options))
    sys.stdout.write((json.dumps(asdict(report)) if as_json else str(report)) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
