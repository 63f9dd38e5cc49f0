"""`JobStore` on Postgres: each verb in a file of its own, put together here."""

from collections.abc import Callable

from corral.store.jobs import Waiter
from corral.stores.postgres.add import Adder
from corral.stores.postgres.claim import Claimer, NotifiedWaiter
from corral.stores.postgres.database import Database
from corral.stores.postgres.finish import Finisher
from corral.stores.postgres.listener import Listener
from corral.stores.postgres.names import Names
from corral.stores.postgres.reads import Reader
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
        claimer = Claimer(database, names)
        self.add = Adder(database, names, stored_in).add
        self.claim = claimer.claim
        self.renew = claimer.renew
        self.rescue = claimer.rescue
        self.finish = Finisher(database, names, metrics_points).finish

    def waiter(self, queue: str, name: str | None = None) -> Waiter:
        return NotifiedWaiter(self._database, self._listener, self._waiting, queue, name)
