"""corral: a job-queue server and library for every language, in BullMQ's own data format."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"

if TYPE_CHECKING:
    from corral.library.context import Context as Context
    from corral.library.definition import JobDefinition as JobDefinition
    from corral.library.metadata import Metadata as Metadata
    from corral.library.orchestrator import Orchestrator as Orchestrator
    from corral.library.worker import Worker as Worker
    from corral.wiring.migration_sql import generate_migration_sql as generate_migration_sql
    from corral.wiring.proxy import clean_proxy as clean_proxy
    from corral.wiring.proxy import start_proxy as start_proxy
else:
    # Each is imported when it is first asked for: together they are most of corral.
    _PLACES = {
        "Context": "corral.library.context",
        "JobDefinition": "corral.library.definition",
        "Metadata": "corral.library.metadata",
        "Orchestrator": "corral.library.orchestrator",
        "Worker": "corral.library.worker",
        "generate_migration_sql": "corral.wiring.migration_sql",
        "clean_proxy": "corral.wiring.proxy",
        "start_proxy": "corral.wiring.proxy",
    }

    def __getattr__(name: str) -> object:
        if name not in _PLACES:
            raise AttributeError(f"module 'corral' has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(_PLACES[name]), name)


__all__ = [
    "Context",
    "JobDefinition",
    "Metadata",
    "Orchestrator",
    "Worker",
    "__version__",
    "clean_proxy",
    "generate_migration_sql",
    "start_proxy",
]
