"""`JobStore` on Postgres: each verb in a file of its own, put together here."""

from collections.abc import Callable, Sequence

from corral.store.jobs import Claim, ClaimRequest, Finished, Waiter
from corral.stores.postgres.add import Adder
from corral.stores.postgres.claim import Claimer, NotifiedWaiter
from corral.stores.postgres.database import Database
from corral.stores.postgres.finish import Finisher
from corral.stores.postgres.listener import Listener
from corral.stores.postgres.names import Names
from corral.stores.postgres.reads import Reader
from corral.stores.postgres.signs import Signs
from corral.stores.postgres.waiting import Waiting


class PostgresJobs(Reader):
    """Fulfils `store.jobs.JobStore`."""

    def __init__(
        self,
        database: Database,
        names: Names,
        listener: Listener,
        waiting: Waiting,
        stored_in: Callable[[str], None] = lambda queue: None,
        metrics_points: int = 0,
    ) -> None:
        super().__init__(database, names)
        self._listener = listener
        self._waiting = waiting
        self._signs = Signs()
        self._claimer = Claimer(database, names)
        self._finisher = Finisher(database, names, metrics_points)
        self.adder = Adder(database, names, stored_in)
        self.add = self.adder.add
        self.renew = self._claimer.renew
        self.rescue = self._claimer.rescue

    async def claim(self, queue: str, request: ClaimRequest, now: int) -> Claim:
        claim = await self._claimer.claim(queue, request, now)
        self._signs.after(queue, request, claim)
        return claim

    async def finish(
        self, queue: str, finished: Sequence[Finished], claim: ClaimRequest | None, now: int
    ) -> tuple[list[Exception | None], Claim | Exception | None]:
        problems, following = await self._finisher.finish(queue, finished, claim, now)
        if claim is not None and isinstance(following, Claim):
            self._signs.after(queue, claim, following)
        return problems, following

    def waiter(self, queue: str, name: str | None = None) -> Waiter:
        return NotifiedWaiter(self._database, self._listener, self._waiting, self._signs, queue, name)
