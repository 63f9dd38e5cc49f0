"""Running scripts over the connection, loading them again when the engine has forgotten them."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any

from corral.model.errors import CorralError, JobNotFound, LockLost, NotInState, StoreError, UnmetDependencies
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


def refusal(code: int, job_id: str, verb: str) -> Exception:
    """What a negative answer of BullMQ's scripts means (the codes are theirs)."""
    match code:
        case -1:
            return JobNotFound(f"Missing key for job {job_id}. {verb}")
        case -2:
            return LockLost(f"Missing lock for job {job_id}. {verb}")
        case -3:
            return NotInState(f"Job {job_id} is not in the active state. {verb}")
        case -4:
            return UnmetDependencies(f"Job {job_id} has pending dependencies. {verb}")
        case -5:
            return JobNotFound(f"Missing key for parent job of {job_id}. {verb}")
        case -6:
            return LockLost(f"Lock mismatch for job {job_id}. {verb}")
        case -7:
            return NotInState(f"The parent of job {job_id} cannot be replaced. {verb}")
        case -8:
            return NotInState(f"Job {job_id} belongs to a job scheduler and cannot be removed directly. {verb}")
        case -9:
            return UnmetDependencies(f"Cannot complete job {job_id} because it has at least one failed child. {verb}")
        case -10:
            return NotInState(f"Cannot create job scheduler iteration - job ID already exists. {verb}")
        case -11:
            return NotInState(
                f"Cannot create job scheduler iteration - current and next time slots already have jobs. {verb}"
            )
        case _:
            return StoreError(f"Unknown code {code} for job {job_id}. {verb}")
