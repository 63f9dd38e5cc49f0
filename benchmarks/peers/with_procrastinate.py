"""procrastinate."""

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

from procrastinate import App, PsycopgConnector

_CONNECTIONS = 20


class _Peer:
    def __init__(self, app: App) -> None:
        self._app = app
        self._run: Callable[[int], None] = lambda n: None

        @app.task(name="mail")
        async def work(to: str, n: int) -> None:
            self._run(n)

        self._task = work

    async def add(self, numbers: Sequence[int]) -> None:
        if len(numbers) == 1:
            await self._task.defer_async(to="somebody@example.com", n=numbers[0])
        else:
            await self._task.batch_defer_async(*({"to": "somebody@example.com", "n": n} for n in numbers))

    async def work(self, run: Callable[[int], None], setting: int) -> None:
        self._run = run
        await self._app.run_worker_async(concurrency=setting, install_signal_handlers=False)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[_Peer]:
    app = App(connector=PsycopgConnector(conninfo=url, min_size=2, max_size=_CONNECTIONS))
    async with app.open_async():
        if not await app.check_connection_async():
            await app.schema_manager.apply_schema_async()
        yield _Peer(app)
