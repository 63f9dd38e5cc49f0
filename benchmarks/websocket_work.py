"""How many jobs a second go through a worker at the end of a WebSocket? Beside Node's own worker."""

import asyncio

import uvloop

from benchmarks.adding import Run
from benchmarks.contest import Contestant, Question, Score
from benchmarks.processing import fill, watch, with_node
from benchmarks.sockets import Client, connect, frame
from benchmarks.stage import TOKEN, Stage

_ID = b'{"id":'


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """Jobs that do nothing: Node at its best concurrency, one socket at 100."""
    nodes = [
        Contestant(name, with_node(stage, package), settings=(100, 200, 300, 500), unit="at once", peer=True)
        for package, name in peers.items()
    ]
    corral = Contestant("corral, 1 socket", _over_socket(stage), settings=(100,), unit="at once")
    return Question("websocket-work: jobs processed", [*nodes, corral])


def _over_socket(stage: Stage) -> Run:
    def run(concurrency: int) -> Score:
        filled = fill(stage)
        with (
            stage.corral() as corral,
            stage.module_running("websocket_work", str(corral.port), str(concurrency)) as pid,
        ):
            return watch(stage, filled, corral.pid, pid[1])

    return run


async def _work(port: int, concurrency: int) -> None:
    """Complete every job at once, until the process is stopped."""
    await connect(port, f"/ws/queues/mail/process/{concurrency}?token={TOKEN}", _complete)
    print(port, flush=True)
    await asyncio.Event().wait()


def _complete(client: Client, messages: list[bytes]) -> None:
    ids = (message[len(_ID) : message.index(b",")] for message in messages)
    client.write(b"".join([frame(b'{"id":%b,"data":{"result":{}}}' % id) for id in ids]))


if __name__ == "__main__":
    import sys

    uvloop.run(_work(int(sys.argv[1]), int(sys.argv[2])))
