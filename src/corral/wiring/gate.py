"""Who is let in: the operator's tokens, the applications and their keys, and which queues are whose."""

import asyncio
import uuid
from collections.abc import Awaitable, Callable

from corral.lifecycle.accounts import Accounts
from corral.lifecycle.audit import Audit
from corral.lifecycle.ceiling import Ceiling
from corral.lifecycle.intake import Clock
from corral.lifecycle.kept import Keeper, Kept
from corral.lifecycle.ownership import Ownership
from corral.lifecycle.quota import Quota
from corral.lifecycle.schedules import Schedules
from corral.lifecycle.subscribers import Subscribers
from corral.lifecycle.usage import Usage
from corral.model.application import ApiKey, Application
from corral.operations.services import Services
from corral.policy.built_in_queues import JobDefaults
from corral.server.auth import Tokens
from corral.server.authority import Authority, Gatekeeping
from corral.server.rate_limit import RateLimiter
from corral.server.service_door import ServiceDoor
from corral.store.store import Store
from corral.wiring.settings import Settings


class Gate:
    """What is kept in memory of who may do what; read again when another process changes it."""

    def __init__(self, store: Store, clock: Clock, defaults: JobDefaults) -> None:
        records = store.records
        applications, keys = Kept(records, "applications", Application), Kept(records, "keys", ApiKey)
        owners = Kept(records, "queue-owners", str)
        self._store, self._clock = store, clock
        self._quota = Quota(store.windows, applications, clock)
        self.ownership = Ownership(owners, _is_used(store, clock))
        self.accounts = Accounts(store, applications, keys, self.ownership, lambda: str(uuid.uuid4()))
        self.usage = Usage(records, keys)
        self.audit = Audit(store.journals)
        self.ceiling = Ceiling(store, applications, self.ownership)
        self.subscribers = Subscribers(store, applications, self.ownership, clock)
        self.schedules = Schedules(store, applications, defaults)
        self.accounts.when_deleted(self.schedules.end_of)
        self.keeper = Keeper(records, (applications, keys, owners, *self.subscribers.kept, self.schedules.kept))

    def authority(self, services: Services, settings: Settings) -> Authority:
        """Knows every credential."""
        master = (settings.master_api_key,) if settings.master_api_key else ()
        known = Gatekeeping(
            self.accounts,
            self.ownership,
            self._quota,
            self.usage,
            self.keeper,
            settings.api_key_header,
            settings.checks_keys,
        )
        return Authority(services, Tokens((*settings.auth_tokens, *master)), known)

    def door(self, authority: Authority, settings: Settings) -> ServiceDoor:
        """Counts requests."""
        most, window_ms = settings.rate_limit_max_requests, settings.rate_limit_window_ms
        return ServiceDoor(authority, RateLimiter(self._store.windows, most, window_ms, self._clock))

    def start(self, looked: Callable[[], None]) -> None:
        """Follow what other processes change; `looked` is called after each look."""
        self.keeper.start(looked)
        self.usage.start()

    async def close(self) -> None:
        await asyncio.gather(self.keeper.close(), self.usage.close())


def _is_used(store: Store, clock: Clock) -> Callable[[str], Awaitable[bool]]:
    async def ask(queue: str) -> bool:
        (found,) = await store.directory.describe([queue], clock())
        return found is not None

    return ask
