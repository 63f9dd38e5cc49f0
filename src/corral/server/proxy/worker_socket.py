"""The worker socket: a client that runs jobs, as many at once as it said."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec

from corral.model.job import ClaimedJob, Job
from corral.model.outcome import Completed, Failed, Outcome, Released
from corral.policy.javascript import truthy
from corral.server.http.message import Socket
from corral.server.proxy import messages
from corral.worker.run import Runner
from corral.worker.worker import Worker

Hire = Callable[[str, int, Runner], Worker]
"""Makes a worker of a queue, with a concurrency, that runs its jobs by the runner."""

Dismiss = Callable[[Worker], asyncio.Task[None]]
"""Lets a worker finish what it runs; done when all of that is stored."""

_GOING_AWAY = 1001


class Assignment(msgspec.Struct, frozen=True):
    """One job for the client. `payload` is its data alone; the rest is more than the original says."""

    payload: msgspec.Raw
    job: Job
    token: str
    type: str = "process"


class WorkerSocket:
    """Jobs run while the socket is open, each `timeout` seconds at most; those under way when it closes fail."""

    def __init__(self, queue: str, concurrency: int, timeout: float, hire: Hire, dismiss: Dismiss) -> None:
        self._timeout = timeout
        self._dismiss = dismiss
        self._worker = hire(queue, concurrency, self._run)
        self._leaving: asyncio.Task[None] | None = None
        self._socket: Socket | None = None
        self._next_id = 0
        self._pending: dict[int, asyncio.Future[Outcome]] = {}
        self._flowing = asyncio.Event()

    def opened(self, socket: Socket) -> None:
        self._socket = socket
        self._worker.start()

    def received(self, message: bytes) -> None:
        try:
            answer = messages.answer(message)
            outcome = _outcome(answer.data)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return
        self._settle(answer.id, outcome)

    def closed(self, code: int) -> None:
        self._socket = None
        for id in list(self._pending):
            self._settle(id, Failed("Connection closed"))
        self._flowing.set()
        self._leave()

    def writable(self) -> None:
        self._flowing.set()

    def retire(self) -> None:
        """Take no more jobs, and close when those under way are done."""
        self._leave().add_done_callback(self._left)

    def _leave(self) -> asyncio.Task[None]:
        if self._leaving is None:
            self._leaving = self._dismiss(self._worker)
        return self._leaving

    def _left(self, leaving: asyncio.Task[None]) -> None:
        if self._socket is not None:
            self._socket.close(_GOING_AWAY, "going away")

    async def _run(self, claimed: ClaimedJob) -> Outcome:
        await self._drained()
        if self._socket is None or self._leaving is not None:
            return Released()
        id, self._next_id = self._next_id, self._next_id + 1
        loop = asyncio.get_running_loop()
        pending: asyncio.Future[Outcome] = loop.create_future()
        self._pending[id] = pending
        timer = loop.call_later(self._timeout, self._settle, id, Failed("Timeout"))
        job = claimed.job
        self._socket.send(messages.encode(messages.Pushed(id, Assignment(job.data, job, claimed.token))))
        try:
            return await pending
        finally:
            timer.cancel()
            self._pending.pop(id, None)

    async def _drained(self) -> None:
        """Wait until the client has taken the jobs before; one that never does is cut off by the transport."""
        while self._socket is not None and self._socket.paused:
            self._flowing.clear()
            await self._flowing.wait()

    def _settle(self, id: int, outcome: Outcome) -> None:
        pending = self._pending.pop(id, None)
        if pending is not None and not pending.done():
            pending.set_result(outcome)


_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


def _outcome(data: msgspec.Raw) -> Outcome:
    """`result` without `err` completes the job, even null; the clients spell failures in three ways."""
    fields = _fields(data)
    fault = messages.anything(fields["err"]) if "err" in fields else None
    if truthy(fault):
        return _failure(fault)
    if "result" in fields:
        return Completed(bytes(fields["result"]))
    return _failure({name: messages.anything(value) for name, value in fields.items()})


def _failure(fault: Any) -> Failed:
    if isinstance(fault, dict):
        stack = fault.get("stack")
        return Failed(str(fault.get("message") or ""), stacktrace=stack if isinstance(stack, str) and stack else None)
    return Failed(fault if isinstance(fault, str) else messages.encode(fault).decode())
