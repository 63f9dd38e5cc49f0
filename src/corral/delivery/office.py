"""What all who deliver work with."""

from collections.abc import Callable

import msgspec

from corral.delivery.attempts import Attempts
from corral.delivery.guarded import GuardedClient
from corral.delivery.measuring import Measure, unmeasured
from corral.lifecycle.accounts import Accounts
from corral.lifecycle.intake import Clock
from corral.lifecycle.subscribers import Subscribers
from corral.lifecycle.tallies import Tallies
from corral.store.store import Store


class Office(msgspec.Struct, frozen=True):
    """Made once by wiring. `random` is from 0 to 1."""

    store: Store
    client: GuardedClient
    subscribers: Subscribers
    accounts: Accounts
    tallies: Tallies
    attempts: Attempts
    clock: Clock
    random: Callable[[], float]
    new_id: Callable[[], str]
    measure: Measure = unmeasured
