"""`QueueStore` on Redis."""

from collections.abc import Callable, Sequence

from corral.stores.redis.claim import client_name, queue_named_by
from corral.stores.redis.connection import Connection
from corral.stores.redis.keys import KeyCache
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official

_PER_MS = 0x1000  # a delayed job's score is when it is due, and its place among those that are due in that millisecond
_EVENT_READER = ":qe"  # ends the name of the connection of BullMQ's QueueEvents


class RedisQueues:
    """Fulfils `store.queues.QueueStore`."""

    def __init__(
        self, connection: Connection, keys: KeyCache, stored_in: Callable[[str], None] = lambda queue: None
    ) -> None:
        self._connection = connection
        self._keys = keys
        self._stored_in = stored_in

    async def counts(self, queue: str, states: Sequence[str]) -> dict[str, int]:
        names = ["wait" if state == "waiting" else state for state in states]
        base = self._keys.of(queue).base
        found = await run(self._connection, official("getCounts"), (base,), *names, repeat=True)
        return dict(zip(states, found, strict=True))

    async def delayed_before(self, queue: str, moment: int) -> int:
        key = self._keys.of(queue)["delayed"]
        found: int = await self._connection.send("ZCOUNT", key, "-inf", f"({moment * _PER_MS}", repeat=True)
        return found

    async def counts_per_priority(self, queue: str, priorities: Sequence[int]) -> list[int]:
        names = self._keys.of(queue).many("wait", "prioritized")
        found: list[int] = await run(
            self._connection, official("getCountsPerPriority"), names, *priorities, repeat=True
        )
        return found

    async def pause(self, queue: str) -> None:
        self._stored_in(queue)
        await self._switch(queue, "wait", "paused", "paused")

    async def resume(self, queue: str) -> None:
        """Also brings back the jobs that BullMQ 5 renamed into its `paused` list, 7,000 in each call."""
        while await self._switch(queue, "paused", "wait", "resumed") > 0:
            pass

    async def is_paused(self, queue: str) -> bool:
        key = self._keys.of(queue).meta
        return bool(await self._connection.send("HEXISTS", key, "paused", repeat=True))

    async def version(self, queue: str) -> str | None:
        found = await self._connection.send("HGET", self._keys.of(queue).meta, "version", repeat=True)
        return None if found is None else found.decode(errors="replace")

    async def all_workers(self) -> list[dict[str, str]]:
        found = []
        for one in await self._clients():
            queue = queue_named_by(one.get("name", ""), self._keys.prefix)
            if queue:
                found.append(_named(one, queue))
        return found

    async def workers(self, queue: str) -> list[dict[str, str]]:
        wanted = client_name(self._keys.of(queue), queue)
        clients = await self._clients()
        mine = [one for one in clients if one["name"] == wanted or one["name"].startswith(f"{wanted}:w:")]
        return [_named(one, queue) for one in mine]

    async def event_readers(self, queue: str) -> list[dict[str, str]]:
        wanted = client_name(self._keys.of(queue), queue) + _EVENT_READER
        return [_named(one, queue) for one in await self._clients() if one["name"] == wanted]

    async def _clients(self) -> list[dict[str, str]]:
        lines = (await self._connection.send("CLIENT", "LIST", repeat=True)).decode(errors="replace").splitlines()
        return [dict(pair.partition("=")[::2] for pair in line.split(" ")) for line in lines]

    async def _switch(self, queue: str, source: str, target: str, event: str) -> int:
        names = self._keys.of(queue).many(source, target, "meta", "prioritized", "events", "delayed", "marker")
        left: int = await run(self._connection, official("pause"), names, event, "1", repeat=True)
        return left


def _named(client: dict[str, str], queue: str) -> dict[str, str]:
    return {**client, "name": queue, "rawname": client["name"]}
