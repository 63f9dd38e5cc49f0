"""What every operation may use."""

import uuid
from collections.abc import Awaitable, Callable

import msgspec

from corral.delivery.deliveries import Deliveries
from corral.delivery.schedule_calls import ScheduleCalls
from corral.lifecycle.accounts import Accounts
from corral.lifecycle.audit import Audit
from corral.lifecycle.ceiling import Ceiling
from corral.lifecycle.intake import Clock
from corral.lifecycle.lease import Lessor
from corral.lifecycle.presence import Presence
from corral.lifecycle.results import Results
from corral.lifecycle.schedules import Schedules
from corral.lifecycle.usage import Usage
from corral.lifecycle.watch import Feeds
from corral.policy.access import OPERATOR, Caller
from corral.store.store import Store


class NameLimits(msgspec.Struct, frozen=True):
    """Bounds of a queue's name, in UTF-16 units as JavaScript counts."""

    min: int = 3
    max: int = 100


class Services(msgspec.Struct, frozen=True):
    """Handed to each operation; made once by wiring."""

    store: Store
    feeds: Feeds
    clock: Clock
    lessor: Lessor
    results: Results
    presence: Presence
    accounts: Accounts
    usage: Usage
    audit: Audit
    ceiling: Ceiling
    deliveries: Deliveries
    schedules: Schedules
    schedule_calls: ScheduleCalls
    names: NameLimits = NameLimits()
    version: str = ""
    caller: Caller = OPERATOR
    """Who asks; for an application's key all of these reach its own queues only."""
    physical: Callable[[str], str] | None = None
    """The engine's name of a queue as far as it is known here; raises `QueueForbidden`."""
    claim: Callable[[str], Awaitable[str]] | None = None
    """The engine's name of a queue that the caller is about to use, for what is not among these services."""
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
