"""How this process counts, and tells Prometheus of all processes."""

import asyncio
from collections.abc import Callable, Iterable

from corral import __version__
from corral.lifecycle.counted import counted
from corral.lifecycle.intake import Clock
from corral.lifecycle.ledger import Ledger
from corral.lifecycle.subscribers import OPERATORS
from corral.operations.services import Services
from corral.server.call import Route
from corral.server.http import HttpServer
from corral.server.metrics import route
from corral.server.metrics.census import Census
from corral.server.metrics.processes import Processes
from corral.server.timing import Timings
from corral.store.store import Store
from corral.wiring.gate import Gate
from corral.wiring.settings import Settings

_GRACE = 1.0


class Measuring:
    """`connections` is how many clients this process has."""

    def __init__(
        self, store: Store, gate: Gate, settings: Settings, clock: Clock, connections: Callable[[], int]
    ) -> None:
        self._settings = settings
        self._ownership = gate.ownership
        self.ledger = Ledger(store.records)
        self._processes = Processes(store.records, __version__, clock, connections)
        self._listener: HttpServer | None = None

    @property
    def port(self) -> int | None:
        """Of the listener of its own, where there is one."""
        return None if self._listener is None else self._listener.port

    def counted(self, store: Store) -> Store:
        return counted(store, self.ledger)

    def routes(self, services: Services, routes: Iterable[Route]) -> list[Route]:
        """The routes with that of the metrics, all of them timed."""
        self._census = Census(services, self.ledger, self._owner, self._processes)
        everything = [*routes, route.route(self._census, self._settings.metrics_public)]
        timings = Timings()
        self.ledger.gather(timings.take)
        return timings.timed(everything)

    def start(self) -> None:
        """Begin to share what is counted."""
        self.ledger.start()
        if self._settings.prometheus:
            self._processes.start()

    async def listen(self) -> None:
        """Of several processes the first one does. Raises `OSError` when the port is taken."""
        settings = self._settings
        if settings.prometheus and settings.child in (None, 0):
            self._listener = route.listener(self._census, settings.bind_host, settings.metrics_port)
            try:
                await self._listener.start()
            except OSError as error:
                raise type(error)(error.errno, f"METRICS_PORT {settings.metrics_port}: {error.strerror}") from error

    async def close(self) -> None:
        if self._listener is not None:
            await self._listener.stop(_GRACE)
        await asyncio.gather(self._processes.close(), self.ledger.close())

    def _owner(self, queue: str) -> str:
        return self._ownership.owner(queue) or OPERATORS
