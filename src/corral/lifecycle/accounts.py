"""Applications and their keys: made, changed, rotated and deleted."""

import secrets
from collections.abc import Awaitable, Callable

import msgspec

from corral.lifecycle.kept import Kept
from corral.lifecycle.ownership import Ownership, short_id
from corral.model.application import ApiKey, Application, ApplicationSettings
from corral.model.errors import NotFound
from corral.policy.access import KEY_PREFIX, digest
from corral.store.store import Store

_SECRET_BYTES = 16
_HINT = 4
_SHORT_IDS = "short-ids"
_PAGE = 100


class KeyTerms(msgspec.Struct, frozen=True):
    """What a key is for. `expires_at` (ms) None: never."""

    roles: list[str]
    name: str | None = None
    allowed_queues: list[str] | None = None
    expires_at: int | None = None


class Accounts:
    """Every change is in force here at once, and in other processes within a second. Questions ask the engine."""

    def __init__(
        self,
        store: Store,
        applications: Kept[Application],
        keys: Kept[ApiKey],
        ownership: Ownership,
        new_id: Callable[[], str],
    ) -> None:
        self._store = store
        self.applications = applications
        self.keys = keys
        self._ownership = ownership
        self._new_id = new_id
        self._ends: list[Callable[[str], Awaitable[None]]] = []

    def when_deleted(self, end: Callable[[str], Awaitable[None]]) -> None:
        """Have `end` called with the id of each application that is deleted, while its queues are still its own."""
        self._ends.append(end)

    async def everyone(self) -> list[Application]:
        """Oldest first."""
        await self.applications.refresh()
        return sorted(self.applications.all().values(), key=lambda one: (one.created_at, one.id))

    async def get(self, application: str) -> Application:
        """Raises `NotFound`."""
        await self.applications.refresh()
        found = self.applications.get(application)
        if found is None:
            raise NotFound(f"Application '{application}' not found")
        return found

    async def create(self, name: str, settings: ApplicationSettings, now: int) -> Application:
        """A new application without a key."""
        made = Application(await self._free_id(), name, settings, now, now)
        await self.applications.put(made.id, made)
        return made

    async def change(
        self, application: str, name: str | None, settings: ApplicationSettings | None, now: int
    ) -> Application:
        """None leaves things as they are. Raises `NotFound`."""

        def changed(found: Application) -> Application:
            return Application(
                found.id,
                found.name if name is None else name,
                found.settings if settings is None else settings,
                found.created_at,
                max(now, found.updated_at),
            )

        before = await self.applications.change(application, changed)
        if before is None:
            raise NotFound(f"Application '{application}' not found")
        return self.applications.get(application) or changed(before)

    async def delete(self, application: str) -> None:
        """Its keys, schedulers and subscribers end with it, its endpoints are called no more, and its names are
        released. Raises `NotFound`."""
        if not await self.applications.remove(application):
            raise NotFound(f"Application '{application}' not found")
        for key in await self.keys_of(application):
            await self.keys.remove(key.id)
        for end in self._ends:
            await end(application)
        await self._ownership.refresh()
        queues = set(self._ownership.queues(application).values())
        for queue in queues.intersection(await self._store.registry.all()):
            await self._store.registry.remove(queue)
        for queue in queues:
            await self._end_schedulers(queue)
        await self._ownership.release(application)

    async def keys_of(self, application: str) -> list[ApiKey]:
        """Oldest first."""
        await self.keys.refresh()
        found = [key for key in self.keys.all().values() if key.application == application]
        return sorted(found, key=lambda key: (key.created_at, key.id))

    async def key(self, application: str, key: str) -> ApiKey:
        """Raises `NotFound`."""
        await self.keys.refresh()
        found = self.keys.get(key)
        if found is None or found.application != application:
            raise NotFound(f"Key '{key}' not found")
        return found

    async def create_key(self, application: str, terms: KeyTerms, now: int) -> tuple[ApiKey, str]:
        """The key and its secret, which is not kept. Raises `NotFound`."""
        await self.get(application)
        secret = KEY_PREFIX + secrets.token_hex(_SECRET_BYTES)
        made = ApiKey(
            id=self._new_id(),
            application=application,
            digest=digest(secret),
            hint=secret[-_HINT:],
            roles=terms.roles,
            created_at=now,
            name=terms.name,
            allowed_queues=terms.allowed_queues,
            expires_at=terms.expires_at,
        )
        await self.keys.put(made.id, made)
        return made, secret

    async def rotate_key(self, application: str, key: str, overlap_ms: int, now: int) -> tuple[ApiKey, str]:
        """A new key for the same; the old one works for `overlap_ms` more. Raises `NotFound`."""
        old = await self.key(application, key)
        terms = KeyTerms(old.roles, old.name, old.allowed_queues)
        made = await self.create_key(application, terms, now)
        end = now + overlap_ms
        await self.keys.change(
            key,
            lambda found: msgspec.structs.replace(
                found, expires_at=end if found.expires_at is None else min(found.expires_at, end)
            ),
        )
        return made

    async def change_key(self, application: str, key: str, change: Callable[[ApiKey], ApiKey]) -> ApiKey:
        """Raises `NotFound`."""
        await self.key(application, key)
        if await self.keys.change(key, change) is None:
            raise NotFound(f"Key '{key}' not found")
        return await self.key(application, key)

    async def revoke_key(self, application: str, key: str) -> None:
        """It is accepted no more. Raises `NotFound`."""
        await self.key(application, key)
        await self.keys.remove(key)

    async def _end_schedulers(self, queue: str) -> None:
        cursor: str | None = None
        while True:
            page = await self._store.schedulers.page(queue, cursor, _PAGE)
            for one in page.schedulers:
                await self._store.schedulers.remove(queue, one.scheduler.key)
            cursor = page.cursor
            if cursor is None:
                return

    async def _free_id(self) -> str:
        """No two applications, also of those that are gone, begin alike: names of queues hold that beginning."""
        while True:
            found = self._new_id()
            short = short_id(found)
            if int(short, 16) and await self._store.records.swap(_SHORT_IDS, short, None, found.encode()):
                return found
