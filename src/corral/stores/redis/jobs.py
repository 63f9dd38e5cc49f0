"""`JobStore` on Redis: each verb in a file of its own, put together here."""

import asyncio
from collections.abc import Callable, Sequence

from corral.model.errors import StoreError, StoreUnavailable
from corral.store.jobs import Claim, ClaimRequest, Finished, Waiter
from corral.stores.redis.add import Adder
from corral.stores.redis.address import Address
from corral.stores.redis.claim import Claimer, MarkerWaiter, client_name
from corral.stores.redis.connection import BlockingConnection, Connection
from corral.stores.redis.finish import Finisher
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.reads import Reader


class RedisJobs(Reader):
    """Fulfils `store.jobs.JobStore`."""

    def __init__(
        self,
        connection: Connection,
        keys: KeyCache,
        address: Address,
        stored_in: Callable[[str], None] = lambda queue: None,
        metrics_points: int = 0,
    ) -> None:
        super().__init__(connection, keys)
        self._address = address
        self._finisher = Finisher(connection, keys, metrics_points)
        self._claimer = Claimer(connection, keys)
        self.adder = Adder(connection, keys, stored_in)
        self.add = self.adder.add
        self.claim = self._claimer.claim
        self.renew = self._claimer.renew
        self.rescue = self._claimer.rescue

    async def finish(
        self, queue: str, finished: Sequence[Finished], claim: ClaimRequest | None, now: int
    ) -> tuple[list[Exception | None], Claim | Exception | None]:
        """Both go out in one write; the engine finishes before it claims."""
        if claim is None:
            return await self._finisher.finish(queue, finished, now), None
        results, claimed = await asyncio.gather(
            self._finisher.finish(queue, finished, now), self._claim(queue, claim, now)
        )
        return results, claimed

    async def _claim(self, queue: str, request: ClaimRequest, now: int) -> Claim | Exception:
        try:
            return await self.claim(queue, request, now)
        except (StoreUnavailable, StoreError) as error:
            return error

    def waiter(self, queue: str, name: str | None = None) -> Waiter:
        keys = self._keys.of(queue)
        blocking = BlockingConnection(self._address, name=client_name(keys, queue, name))
        return MarkerWaiter(self._connection, blocking, keys)
