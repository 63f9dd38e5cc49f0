"""`corral orchestrate`: an orchestrator for the definitions of a program, until a signal."""

import asyncio
import importlib
import logging
import signal
import sys
from pathlib import Path

from corral.library.context import Context
from corral.library.orchestrator import Orchestrator
from corral.model.errors import CorralError


class NoContext(Exception):
    """What was named is not there, or is no context; the message is for the person who named it."""


def orchestrate(place: str) -> int:
    """The exit code: 0 after a clean stop, 1 when it could not start, 2 when `place` names no context."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(message)s")
    try:
        context = find_context(place)
    except NoContext as error:
        return _refuse(str(error), 2)
    try:
        asyncio.run(_run(context))
    except CorralError as error:
        return _refuse(str(error), 1)
    return 0


def find_context(place: str) -> Context:
    """The context that `module:name` names, as `app.jobs:context`; modules are looked for in this folder too."""
    module, _, name = place.partition(":")
    if not module or not name:
        raise NoContext(f"{place!r} names no context: write MODULE:NAME, such as app.jobs:context")
    folder = str(Path.cwd())
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError) as error:
        raise NoContext(f"{place!r} cannot be found: {error}") from error
    if not isinstance(found, Context):
        raise NoContext(f"{place!r} is no Context but {found!r}")
    return found


async def _run(context: Context) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with context:
        await context.register_all()
        orchestrator = Orchestrator(context)
        print(f"Orchestrating {', '.join(context.registered) or 'no definition'}", flush=True)
        await stop.wait()
        await orchestrator.stop()


def _refuse(why: str, code: int) -> int:
    print(f"corral: {why}", file=sys.stderr)
    return code
