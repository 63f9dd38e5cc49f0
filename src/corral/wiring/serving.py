"""What `corral serve` runs: one process, or the parent of several with the embedded engine in its care."""

import asyncio
from contextlib import AsyncExitStack

from corral.observe import log
from corral.stores.embedded.engine import EmbeddedEngine
from corral.wiring.engine import engine_of
from corral.wiring.process import serve
from corral.wiring.processes import serve_children
from corral.wiring.run import OnReady
from corral.wiring.settings import Settings
from corral.wiring.stopping import Stop


async def serve_settings(settings: Settings, on_ready: OnReady, stop: Stop) -> None:
    """Serve until `stop` is set. `on_ready` gets the port when requests are answered."""
    if not settings.is_parent:
        await serve(settings, on_ready=on_ready, stop=stop)
        return
    async with AsyncExitStack() as stack:
        address = None
        if settings.engine == "postgres":
            await _fit(settings)
        elif settings.engine == "embedded":
            engine = EmbeddedEngine(
                settings.data_dir,
                durability=settings.durability,
                port=settings.engine_port,
                on_event=log.engine_event,
            )
            stack.push_async_callback(engine.stop)
            if not await _started(engine, stop):
                return
            address = engine.socket_path
        await serve_children(settings, address, stop=stop, on_ready=on_ready)


async def _fit(settings: Settings) -> None:
    """Raise `StoreError` once, instead of in each process, when Postgres is there and its schema is not."""
    engine = engine_of(settings)
    await engine.start()
    await engine.stop()


async def _started(engine: EmbeddedEngine, stop: Stop) -> bool:
    """Reading data back may take long; a stop does not wait for it."""
    starting = asyncio.create_task(engine.start())
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait([starting, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if starting.done():
        starting.result()
        return True
    starting.cancel()
    await asyncio.wait([starting])
    return False
