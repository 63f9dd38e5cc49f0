"""Who is let in: the operator's tokens, the applications and their keys, and which queues are whose."""

from collections.abc import Awaitable, Callable

from corral.lifecycle.intake import Clock
from corral.lifecycle.kept import Keeper, Kept
from corral.lifecycle.ownership import Ownership
from corral.model.application import ApiKey, Application
from corral.operations.services import Services
from corral.server.auth import Tokens
from corral.server.authority import Authority
from corral.store.store import Store
from corral.wiring.settings import Settings


class Gate:
    """What is kept in memory of who may do what; read again when another process changes it."""

    def __init__(self, store: Store, clock: Clock) -> None:
        records = store.records
        self.applications = Kept(records, "applications", Application)
        self.keys = Kept(records, "keys", ApiKey)
        owners = Kept(records, "queue-owners", str)
        self.ownership = Ownership(owners, _is_used(store, clock))
        self.keeper = Keeper(records, (self.applications, self.keys, owners))

    def authority(self, services: Services, settings: Settings) -> Authority:
        """Knows every credential."""
        tokens = Tokens(settings.auth_tokens)
        return Authority(services, tokens, self.keys, self.applications, self.ownership, self.keeper)


def _is_used(store: Store, clock: Clock) -> Callable[[str], Awaitable[bool]]:
    async def ask(queue: str) -> bool:
        (found,) = await store.directory.describe([queue], clock())
        return found is not None

    return ask
