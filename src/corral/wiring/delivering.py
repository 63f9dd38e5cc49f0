"""How this process tells receivers outside: what follows queues, and what works the internal queue."""

import asyncio
import random
import uuid

from corral.delivery.attempts import Attempts
from corral.delivery.calling import Caller
from corral.delivery.deliveries import Deliveries
from corral.delivery.drafting import Drafting
from corral.delivery.following import QueueFollower
from corral.delivery.guarded import GuardedClient
from corral.delivery.measuring import gaps_in, measure_in
from corral.delivery.office import Office
from corral.delivery.queue import QUEUE
from corral.delivery.watching import Watching
from corral.lifecycle.intake import Clock
from corral.lifecycle.ledger import Ledger
from corral.lifecycle.tallies import Tallies
from corral.observe import log
from corral.store.store import Store
from corral.wiring.gate import Gate
from corral.wiring.hiring import house_worker
from corral.wiring.settings import Settings
from corral.worker.worker import Worker

_CONCURRENCY = 200
_EVERY = 0.5


class Delivering:
    """Begins to work when there is anybody to be told; before that it costs nothing."""

    def __init__(self, store: Store, gate: Gate, settings: Settings, clock: Clock, ledger: Ledger) -> None:
        self._store = store
        self._settings = settings
        self._clock = clock
        self._subscribers = gate.subscribers
        self._client = GuardedClient(settings.allowed_targets)
        self._office = Office(
            store=store,
            client=self._client,
            subscribers=gate.subscribers,
            accounts=gate.accounts,
            tallies=Tallies(store.records),
            attempts=Attempts(store),
            clock=clock,
            random=random.random,
            new_id=lambda: str(uuid.uuid4()),
            measure=measure_in(ledger),
        )
        self.deliveries = Deliveries(self._office)
        gate.accounts.when_deleted(self.deliveries.end)
        self._missed = gaps_in(ledger)
        self._drafting = Drafting(store, gate.subscribers, gate.accounts)
        self._watching = Watching(
            store.idempotency, str(uuid.uuid4()), gate.subscribers, self._follower, log.unexpected
        )
        self._worker: Worker | None = None
        self._waiting: asyncio.Task[None] | None = None

    def start(self) -> None:
        self._waiting = asyncio.get_running_loop().create_task(self._wait())

    async def stop(self, grace: float) -> None:
        """Let running calls end within `grace` seconds."""
        if self._waiting is not None:
            self._waiting.cancel()
            await asyncio.gather(self._waiting, return_exceptions=True)
        await self._watching.close()
        if self._worker is not None:
            await self._worker.stop(grace)
        await self._office.tallies.close()
        await self._client.close()

    async def _wait(self) -> None:
        while True:
            if self._subscribers.applications or self._subscribers.hooked.all():
                break
            await asyncio.sleep(_EVERY)
        self._watching.start()
        self._worker = house_worker(self._store, QUEUE, Caller(self._office), _CONCURRENCY, self._settings, self._clock)
        self._worker.start()

    def _follower(self, queue: str) -> QueueFollower:
        return QueueFollower(self._store, self._subscribers, self._drafting, self._missed, queue)
