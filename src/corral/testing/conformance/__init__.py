"""What every store promises: a file per verb, each holding plain async functions that take a store.

A store passes when each of `cases()` returns. Every case wants a started store of its own, on a prefix or schema
that nobody else uses; they are written against the protocols in `corral.store` alone.
"""

import inspect
import pkgutil
from collections.abc import Awaitable, Callable
from importlib import import_module

from corral.store.store import Store

Case = Callable[[Store], Awaitable[None]]


def cases() -> dict[str, Case]:
    """Every case by the name `verb.function`: the async functions that take a store and nothing else."""
    found: dict[str, Case] = {}
    for verb in (module.name for module in pkgutil.iter_modules(__path__)):
        place = f"{__name__}.{verb}"
        for name, member in vars(import_module(place)).items():
            if inspect.iscoroutinefunction(member) and member.__module__ == place and _takes_a_store(member):
                found[f"{verb}.{name}"] = member
    return found


def _takes_a_store(function: Callable[..., object]) -> bool:
    return not function.__name__.startswith("_") and list(inspect.signature(function).parameters) == ["store"]
