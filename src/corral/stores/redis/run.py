"""Running scripts over the connection, loading them again when the engine has forgotten them."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from corral.model.errors import CorralError, StoreError
from corral.stores.redis.connection import Connection, ScriptMissing, Sender
from corral.stores.redis.scripts import Script, everything

Value = bytes | str | int | float
Call = tuple[Script, tuple[str, ...], tuple[Value, ...]]


async def load_scripts(connection: Sender) -> None:
    """Give the engine every script; done at each connect."""
    for loading in connection.send_many([("SCRIPT", "LOAD", script.source) for script in everything()]):
        await loading


def run(
    connection: Connection, script: Script, keys: tuple[str, ...], *args: Value, repeat: bool = False
) -> Coroutine[Any, Any, Any]:
    """Run one script: it takes its place in the line at once, and awaiting what is returned gives its reply.

    `repeat` allows sending it again after a lost connection, as it then does no harm.
    """
    command = script.call(keys, *args)
    return _reply(connection, command, connection.send(*command, repeat=repeat), repeat)


async def _reply(connection: Connection, command: tuple[Value, ...], sent: asyncio.Future[Any], repeat: bool) -> Any:
    try:
        return await sent
    except ScriptMissing:
        await load_scripts(connection)
        return await connection.send(*command, repeat=repeat)


async def run_atomically(connection: Connection, calls: Sequence[Call]) -> list[Any]:
    """Run the calls in one transaction, none of another client between them.

    The scripts are loaded inside the transaction: one that the engine had forgotten would fail alone,
    and the others would stay done.
    """
    scripts = {script.sha: script for script, _, _ in calls}
    commands: list[tuple[Value, ...]] = [("MULTI",)]
    commands += [("SCRIPT", "LOAD", script.source) for script in scripts.values()]
    commands += [script.call(keys, *args) for script, keys, args in calls]
    commands.append(("EXEC",))
    *queued, last = connection.send_many(commands)
    try:
        replies: list[Any] = (await last)[len(scripts) :]
    except StoreError:
        for one in queued:  # EXECABORT: the reason stands in the answer to the command that was refused
            await one
        raise
    for reply in replies:
        if isinstance(reply, CorralError):
            raise reply
    return replies
