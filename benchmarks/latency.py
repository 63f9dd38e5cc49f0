"""How long from adding a job until its handler starts, on a server with nothing else to do?"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import cast

import uvloop

from benchmarks.adding import Run
from benchmarks.cheap_endpoint import Endpoint
from benchmarks.contest import Contestant, Question, Score
from benchmarks.load import Load, is_answered
from benchmarks.stage import AUTHORIZATION, DATA, Corral, Stage
from corral import Context, JobDefinition, Worker

_JOBS = 500
_WARM_UP = 50
_PAUSE_MS = 4  # between jobs, so that the worker waits for the next one as on an idle server
_TIMEOUT = 5.0
_BODY = json.dumps([{"name": "job", "data": DATA}]).encode()


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """Node and the library add and work in one process, without HTTP; the server is asked, and calls, over HTTP."""
    nodes = [Contestant(name, _with_node(stage, package), peer=True) for package, name in peers.items()]
    server = Contestant("corral, POST to endpoint", _with_corral(stage), bar=1.0)
    library = Contestant("corral, Python library", _with_library(stage), bar=1.0)
    title = f"latency: from add to the start of the handler, {_JOBS} jobs one at a time"
    return Question(title, [*nodes, server, library], lower_is_better=True)


def _with_node(stage: Stage, package: str) -> Run:
    def run(_: int) -> Score:
        stage.clear()
        answer = stage.node("latency", package, jobs=_JOBS, warmUp=_WARM_UP, pause=_PAUSE_MS)
        return _score(answer["latencies"])

    return run


def _with_corral(stage: Stage) -> Run:
    def run(_: int) -> Score:
        stage.clear()
        with stage.corral() as corral:
            return _score(uvloop.run(_measure(corral)))

    return run


def _with_library(stage: Stage) -> Run:
    def run(_: int) -> Score:
        stage.clear()
        return _score(uvloop.run(_measure_library(stage.url)))

    return run


async def _measure_library(url: str) -> list[float]:
    handled: asyncio.Queue[float] = asyncio.Queue()

    async def work(payload: dict[str, object]) -> None:
        handled.put_nowait(time.perf_counter())

    async with Context(dsn=url) as context:
        mail = JobDefinition(name="mail", context=context, work_function=work)
        await mail.register()
        async with Worker(context, concurrency=100):
            return await _one_at_a_time(lambda: mail.enqueue(DATA), handled)


async def _measure(corral: Corral) -> list[float]:
    """Ask and be called on one loop, so that one clock sees both ends."""
    loop = asyncio.get_running_loop()
    handled: asyncio.Queue[float] = asyncio.Queue()
    server = await loop.create_server(lambda: _TimedEndpoint(handled), "127.0.0.1", 0)
    target = {"url": f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/", "method": "POST"}
    body = {"queue": "mail", "endpoint": target, "opts": {"concurrency": 100}}
    await asyncio.to_thread(corral.post, "/workers", body)
    headers = (AUTHORIZATION, "Content-Type: application/json")
    request = Load(port=corral.port, method="POST", path="/queues/mail/jobs", headers=headers, body=_BODY).request()
    transport, caller = await loop.create_connection(_Caller, "127.0.0.1", corral.port)
    latencies = await _one_at_a_time(lambda: caller.ask(request), handled)
    transport.close()
    server.close()
    return latencies


async def _one_at_a_time(add: Callable[[], Awaitable[object]], handled: "asyncio.Queue[float]") -> list[float]:
    latencies = []
    for _ in range(_WARM_UP + _JOBS):
        async with asyncio.timeout(_TIMEOUT):
            sent = time.perf_counter()
            await add()
            latencies.append(1000 * (await handled.get() - sent))
        await asyncio.sleep(_PAUSE_MS / 1000)
    return latencies[_WARM_UP:]


class _TimedEndpoint(Endpoint):
    def __init__(self, handled: "asyncio.Queue[float]") -> None:
        super().__init__()
        self._handled = handled

    def handle(self) -> None:
        self._handled.put_nowait(time.perf_counter())


class _Caller(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def ask(self, request: bytes) -> "asyncio.Future[None]":
        self._buffer = b""
        self._answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if is_answered(self._buffer) and not self._answer.done():
            self._answer.set_result(None)


def _score(latencies: Sequence[float]) -> Score:
    ordered = sorted(latencies)

    def percentile(share: float) -> float:
        return ordered[int(share * (len(ordered) - 1))]

    return {
        "p99 ms": percentile(0.99),
        "p50 ms": percentile(0.5),
        "p90 ms": percentile(0.9),
        "max ms": ordered[-1],
    }
