"""How many jobs a second can be added over WebSockets? Beside Node without any."""

import asyncio
import time

import uvloop

from benchmarks.adding import MILLION, Run, check_added, score, with_node
from benchmarks.contest import Contestant, Question, Score
from benchmarks.load import cpu_of
from benchmarks.sockets import Client, add_request, connect
from benchmarks.stage import DATA, TOKEN, Corral, Stage

_IN_FLIGHT = 64
_DRAIN_SECONDS = 10.0


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """64 adds in flight on either side: on one socket, or one on each of 64."""
    nodes = [
        Contestant(name, with_node(stage, package, batch=1), settings=(64,), unit="callers", peer=True)
        for package, name in peers.items()
    ]
    corral = [
        Contestant("corral, 1 add in flight on each", _over_sockets(stage), settings=(64,), unit="sockets"),
        Contestant("corral, 64 adds in flight", _over_sockets(stage), settings=(1,), unit="socket"),
    ]
    return Question("websocket-add: jobs added one by one", [*nodes, *corral])


def _over_sockets(stage: Stage) -> Run:
    def run(sockets: int) -> Score:
        stage.clear()
        with stage.corral() as corral:
            load = _Load()
            engine = stage.engine_cpu()
            reached = uvloop.run(load.run(stage, corral, sockets))
            engine = stage.engine_cpu() - engine
        if load.errors:
            raise RuntimeError(f"{load.errors} of {load.answered} adds failed")
        check_added(stage, load.answered)
        return {**reached, "engine us": MILLION * engine / stage.added()}

    return run


class _Load:
    """Sends the next add for each answer."""

    def __init__(self) -> None:
        self.answered = 0
        self.errors = 0
        self._sent = 0
        self._stopping = False
        self._request = add_request(7, DATA)
        self._drained = asyncio.Event()

    async def run(self, stage: Stage, corral: Corral, sockets: int) -> Score:
        path = f"/ws/queues/mail?token={TOKEN}"
        clients = [await connect(corral.port, path, self._received) for _ in range(sockets)]
        for client in clients:
            self._send(client, _IN_FLIGHT // sockets)
        await asyncio.sleep(stage.warm_up)
        before, began = self.answered, time.perf_counter()
        client_cpu, own = time.process_time(), cpu_of(corral.pid)
        await asyncio.sleep(stage.seconds)
        jobs, elapsed = self.answered - before, time.perf_counter() - began
        client_cpu, own = time.process_time() - client_cpu, cpu_of(corral.pid) - own
        self._stopping = True
        async with asyncio.timeout(_DRAIN_SECONDS):
            await self._drained.wait()
        for client in clients:
            client.close()
        return score(jobs / elapsed, MILLION * own / jobs, 0.0, MILLION * client_cpu / jobs)

    def _send(self, client: Client, count: int) -> None:
        self._sent += count
        client.write(self._request * count)

    def _received(self, client: Client, messages: list[bytes]) -> None:
        self.answered += len(messages)
        self.errors += sum(b'"ok"' not in message for message in messages)
        if not self._stopping:
            self._send(client, len(messages))
        elif self.answered == self._sent:
            self._drained.set()
