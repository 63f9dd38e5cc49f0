"""The runner of the internal queue: makes one call, writes down how it went, and says whether it is made again."""

import time

import msgspec

from corral.delivery.answer import Answer, NotCalled, Refused
from corral.delivery.office import Office
from corral.delivery.patience import until_answered
from corral.delivery.queue import decode
from corral.delivery.receivers import Receiver, headers_of, receiver_of
from corral.delivery.retiring import Retiring
from corral.delivery.silence import Silences
from corral.model.delivery import Delivery, DeliveryAttempt, Outcomes
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed, Outcome, Postponed
from corral.policy.redelivery import GONE, is_final, is_success, retry_after_ms, wait_ms
from corral.policy.targets import origin_of

_LONG_MS = 1000  # whoever fails sooner holds nobody up
_SHOWN = 1000  # letters of an answer that are written down
_NOBODY = b'"nobody is there to be told"'


class Called(msgspec.Struct, frozen=True):
    """How a call went; `ms` is how long it took."""

    answer: Answer | None
    error: str | None
    ms: int
    refused: bool = False

    @property
    def status(self) -> int | None:
        return None if self.answer is None else self.answer.status

    @property
    def succeeded(self) -> bool:
        return self.answer is not None and is_success(self.answer.status)

    @property
    def reason(self) -> str:
        """What is wrong, for people."""
        if self.answer is None:
            return self.error or ""
        return f"HTTP {self.answer.status}: {self.answer.reason}".rstrip(": ")


class Caller:
    """`await caller(claimed)` is the outcome of the delivery's job."""

    def __init__(self, office: Office) -> None:
        self._client = office.client
        self._subscribers = office.subscribers
        self._tallies = office.tallies
        self._attempts = office.attempts
        self._retiring = Retiring(office)
        self._silences = Silences()
        self._clock = office.clock
        self._random = office.random
        self._measure = office.measure

    async def __call__(self, claimed: ClaimedJob) -> Outcome:
        delivery = decode(claimed.job.data)
        receiver = await self._receiver(delivery)
        if receiver is None:
            return Completed(_NOBODY)
        origin = origin_of(receiver.url)
        wait = self._silences.begin(origin)
        if wait is not None:
            return Postponed(wait)
        answered = False
        try:
            attempt = await until_answered(lambda: self._attempts.count(claimed.job.id)) + 1
            called = await self.call(delivery, receiver, attempt)
            answered = called.answer is not None or called.ms < _LONG_MS
        finally:
            self._silences.ended(origin, answered)
        return await self._settled(claimed.job.id, attempt, delivery, receiver, called)

    async def _receiver(self, delivery: Delivery) -> Receiver | None:
        """One that is not known here may be one that another process has made a moment ago."""
        found = receiver_of(delivery, self._subscribers, self._clock())
        if found is None:
            await until_answered(self._subscribers.refresh)
            found = receiver_of(delivery, self._subscribers, self._clock())
        return found

    async def call(self, delivery: Delivery, receiver: Receiver, attempt: int) -> Called:
        """Make the call, and nothing else."""
        begun = time.perf_counter()
        headers = headers_of(delivery, receiver, attempt, self._clock())
        answer, error, refused = None, None, False
        try:
            answer = await self._client.send(
                receiver.method, receiver.url, headers, delivery.body.encode(), receiver.seconds
            )
        except NotCalled as why:
            error, refused = str(why), isinstance(why, Refused)
        return Called(answer, error, round((time.perf_counter() - begun) * 1000), refused)

    async def _settled(self, job_id: str, made: int, delivery: Delivery, receiver: Receiver, called: Called) -> Outcome:
        over = called.refused or is_final(called.status) or made >= receiver.terms.attempts
        row = self._row(job_id, delivery, called, made, "failed" if over else "again")
        self._measure(delivery, row)
        await until_answered(lambda: self._attempts.write(delivery, row))
        if called.succeeded:
            if delivery.kind != "job":
                self._tallies.succeeded(delivery.target, row.at)
            return Completed(b"%d" % (called.status or 0))
        if delivery.kind != "job":
            self._tallies.failed(delivery.target)
            gone = called.status == GONE
            await until_answered(lambda: self._retiring.look(delivery, gone=gone, given_up=over))
        if over:
            return Failed(called.reason, unrecoverable=True)
        return Postponed(wait_ms(receiver.terms, made, self._asked(called), self._random))

    def _row(self, job_id: str, delivery: Delivery, called: Called, made: int, failed: Outcomes) -> DeliveryAttempt:
        body = None if called.answer is None else called.answer.body[: 4 * _SHOWN].decode(errors="replace")[:_SHOWN]
        return DeliveryAttempt(
            delivery=job_id,
            at=self._clock(),
            attempt=made,
            event=delivery.event,
            job_id=delivery.job_id,
            outcome="delivered" if called.succeeded else failed,
            ms=called.ms,
            status=called.status,
            error=called.error,
            body=body,
        )

    def _asked(self, called: Called) -> int | None:
        """How long the receiver wants to be left alone (ms)."""
        if called.answer is None:
            return None
        return retry_after_ms(called.answer.headers.get("retry-after"), self._clock())
