"""add: jobs that are alike are gathered while a statement is under way, and share the next one and its commit.

Only large adds go at once, beside each other.
"""

import asyncio
from collections.abc import Callable, Sequence
from functools import partial

import msgspec

from corral.model.errors import CorralError, StoreUnavailable
from corral.model.job import NewJob
from corral.stores.postgres.adding import Statement, alike, is_alike, statements
from corral.stores.postgres.database import Database, Session
from corral.stores.postgres.gather import Gather
from corral.stores.postgres.names import Names

_LARGE = 500  # jobs that are worth a statement and a commit of their own, at once
_LANES = 4  # such statements under way: the other connections are for those who finish jobs
_MOST_QUEUES = 1000  # beyond which those that nobody adds to just now are forgotten


class _Asked(msgspec.Struct, frozen=True, gc=False):
    """What one caller adds."""

    jobs: Sequence[NewJob]
    now: int


class Adder:
    """The add side of the Postgres store."""

    def __init__(self, database: Database, names: Names, stored_in: Callable[[str], None]) -> None:
        self._database = database
        self._names = names
        self._stored_in = stored_in
        self._gathers: dict[str, Gather[_Asked, list[str]]] = {}
        self._lanes = asyncio.Semaphore(_LANES)
        self.on_added: Callable[[str, int], None] = lambda queue, count: None
        """Told of the jobs that were stored; once for all that share a statement."""

    async def add(self, queue: str, jobs: Sequence[NewJob], now: int) -> list[str]:
        if not jobs:
            return []
        gather = self._gathers.get(queue)
        if gather is None:
            self._stored_in(queue)
            if len(self._gathers) >= _MOST_QUEUES:
                self._gathers = {name: one for name, one in self._gathers.items() if not one.is_idle}
            gather = self._gathers[queue] = Gather(partial(self._add_all, queue))
        if all(map(is_alike, jobs)):
            asked = _Asked(jobs, now)
            if len(jobs) < _LARGE:
                return await gather.ask(asked)
            async with self._lanes:
                return await self._store(queue, [asked])
        parts = statements(self._names, queue, jobs, now)
        if len(parts) == 1:
            ids = _ids(await self._database.value(parts[0].name, *parts[0].args))
        else:
            ids = await self._database.together(lambda session: self.run(session, parts))
        self.on_added(queue, len(ids))
        return ids

    async def run(self, session: Session, parts: Sequence[Statement]) -> list[str]:
        """Run the statements in the transaction that the session is in."""
        schema = self._database.schema
        ids: list[str] = []
        for part in parts:
            ids += _ids(await session.fetchval(schema.statement(part.name), *part.args))
        return ids

    async def _add_all(self, queue: str, asked: Sequence[_Asked]) -> Sequence[list[str] | Exception]:
        """One statement for all callers. Where that is refused, one for each, as the fault may be of one alone."""
        try:
            ids = await self._store(queue, asked)
        except StoreUnavailable:
            raise
        except CorralError:
            if len(asked) == 1:
                raise
            return [await self._alone(queue, one) for one in asked]
        answers, start = [], 0
        for one in asked:
            answers.append(ids[start : start + len(one.jobs)])
            start += len(one.jobs)
        return answers

    async def _alone(self, queue: str, one: _Asked) -> list[str] | Exception:
        try:
            return await self._store(queue, [one])
        except CorralError as error:
            return error

    async def _store(self, queue: str, asked: Sequence[_Asked]) -> list[str]:
        jobs = [job for one in asked for job in one.jobs]
        times = [one.now for one in asked for _ in one.jobs]
        name, args = alike(queue, jobs, times)
        ids: list[str] = await self._database.value(name, *args)
        self.on_added(queue, len(ids))
        return ids


def _ids(answer: list[str] | str) -> list[str]:
    return [answer] if isinstance(answer, str) else answer
