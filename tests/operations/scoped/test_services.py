"""Every method of every part of the store is either scoped, by the names of its parameters, or not there."""

import inspect
from collections.abc import Iterator
from typing import get_type_hints

import pytest

from corral.lifecycle.lease import Lessor
from corral.lifecycle.presence import Presence
from corral.lifecycle.results import Results
from corral.lifecycle.watch import Feeds
from corral.operations.scoped import services
from corral.operations.scoped.by_queue import ByQueue
from corral.operations.services import Services
from corral.store.store import Store

NOT_FOR_APPLICATIONS = {
    "directory.saw",  # by queue; a hint that no operation gives
    "job_index.sweep",
    "presence.announce",
    "presence.paused",
    "presence.present",
    "presence.withdraw",
    "registry.changes",
    "registry.cursor",
}
"""What only the server itself asks of the parts that applications have."""

PARTS = {name: get_type_hints(value.fget)["return"] for name, value in vars(Store).items()
         if isinstance(value, property) and name not in ("prefix", "is_ready")}  # fmt: skip
SERVICES = {"feeds": Feeds, "lessor": Lessor, "results": Results, "presence": Presence}
SCOPED_FIELDS = {"store", "caller", "claim", "physical", *SERVICES}
WITHOUT_NAMES = {"clock", "names", "version", "new_id"}
OF_THE_SERVER = {"accounts", "usage", "audit", "ceiling", "deliveries", "schedules", "schedule_calls"}
"""What operations for applications use with a look at the caller, or not at all."""


def methods(protocol: type) -> Iterator[str]:
    return (name for name, value in vars(protocol).items() if inspect.isfunction(value) and not name.startswith("_"))


def test_every_part_is_scoped_or_closed() -> None:
    assert set(services._BY_QUEUE) | set(services._SPECIAL) | set(services.CLOSED) == set(PARTS)


@pytest.mark.parametrize("part", PARTS)
def test_every_method_is_scoped_or_not_there(part: str) -> None:
    special = services._SPECIAL.get(part)
    for name in methods(PARTS[part]):
        by_queue = "queue" in inspect.signature(getattr(PARTS[part], name)).parameters
        if part in services.CLOSED or f"{part}.{name}" in NOT_FOR_APPLICATIONS:
            assert special is None or name not in vars(special)
        elif special is None:
            assert by_queue, f"{part}.{name} names no queue: it needs a method of its own in operations/scoped"
        else:
            assert name in vars(special) or (by_queue and issubclass(special, ByQueue)), f"{part}.{name}"


@pytest.mark.parametrize("part", PARTS)
def test_methods_that_name_other_queues_are_not_left_to_the_first_one(part: str) -> None:
    """`ByQueue` maps one parameter, so that no other may be about a queue or a job of another one."""
    suspicious = {"queues", "names", "jobs", "query", "scheduler", "following", "cards"}
    special = services._SPECIAL.get(part)
    for name in () if part in services.CLOSED else methods(PARTS[part]):
        found = suspicious & set(inspect.signature(getattr(PARTS[part], name)).parameters)
        told_by_hand = special is not None and name in vars(special)
        assert not found or told_by_hand or f"{part}.{name}" in {"schedulers.advance"}, f"{part}.{name}: {found}"


def test_every_service_is_scoped_or_names_nothing() -> None:
    assert set(Services.__struct_fields__) == SCOPED_FIELDS | WITHOUT_NAMES | OF_THE_SERVER
