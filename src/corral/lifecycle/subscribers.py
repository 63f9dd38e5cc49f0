"""Who hears of changes of jobs, held in memory, and from when on."""

import asyncio
import os
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from corral.lifecycle.kept import Kept
from corral.lifecycle.ownership import Ownership
from corral.lifecycle.places import Places
from corral.model.application import Application
from corral.model.errors import Forbidden
from corral.model.subscriber import SigningSecret, Subscription, Webhook
from corral.policy.access import DEFAULT
from corral.policy.signing import new_secret
from corral.store.directory import NameQuery
from corral.store.store import Store

T = TypeVar("T", bound=Webhook | Subscription)

OPERATORS = "master"
"""The application that what is the operator's is said to be of; its subscribers hear of the jobs of all."""

MOST = 1000
"""Webhooks, and subscriptions, that one application may have."""

_PAGE = 1000


class Subscribers:
    """Webhooks, subscriptions, the queues in which jobs have URLs of their own, and what signs for those."""

    def __init__(
        self, store: Store, applications: Kept[Application], ownership: Ownership, clock: Callable[[], int]
    ) -> None:
        self._applications = applications
        records = store.records
        self.webhooks = Kept(records, "webhooks", Webhook)
        self.subscriptions = Kept(records, "subscriptions", Subscription)
        self.hooked = Kept(records, "hooked-queues", int)
        self.secrets = Kept(records, "signing-secrets", SigningSecret)
        self.places = Places(records, store.events)
        self._directory = store.directory
        self._ownership = ownership
        self.clock = clock

    @property
    def kept(self) -> tuple[Kept[Webhook], Kept[Subscription], Kept[int], Kept[SigningSecret]]:
        """What is to be looked after."""
        return self.webhooks, self.subscriptions, self.hooked, self.secrets

    @property
    def applications(self) -> set[str]:
        """Those that have any subscriber, active or not."""
        return {one.application for one in self.receivers()}

    def webhooks_for(self, application: str) -> list[Webhook]:
        """Those that may hear of its jobs."""
        return [one for one in self.webhooks.all().values() if one.application in (application, OPERATORS)]

    def subscriptions_for(self, application: str) -> list[Subscription]:
        """Those that may hear of its jobs."""
        return [one for one in self.subscriptions.all().values() if one.application in (application, OPERATORS)]

    def owner(self, queue: str) -> str:
        """The application whose jobs are in the engine's queue."""
        return self._ownership.owner(queue) or OPERATORS

    def name_for(self, application: str, queue: str) -> str:
        """How the application calls the engine's queue."""
        return self._ownership.logical(queue, application) or queue

    def kept_of(self, kind: type[T]) -> Kept[T]:
        """Webhooks, or subscriptions."""
        found: Kept[Any] = self.webhooks if kind is Webhook else self.subscriptions
        return found

    def receivers(self, application: str | None = None) -> list[Webhook | Subscription]:
        """Those of the application, or all."""
        both: list[Webhook | Subscription] = [*self.webhooks.all().values(), *self.subscriptions.all().values()]
        return [one for one in both if application in (None, one.application)]

    async def add(self, made: Webhook | Subscription) -> None:
        """Hears of what happens from now on. Raises `Forbidden` for too many."""
        kept: Kept[Any] = self.kept_of(type(made))
        await self._begin(made.application, kept.all().values())
        if isinstance(made, Subscription):
            await self.signing_secret(made.application)
        await kept.put(made.id, made)

    async def remove(self, gone: Webhook | Subscription) -> None:
        """It hears no more."""
        await self.kept_of(type(gone)).remove(gone.id)

    async def hook(self, queue: str) -> None:
        """A job of the engine's queue is about to get URLs of its own."""
        if self.hooked.get(queue) is not None:
            return
        await self.signing_secret(self.owner(queue))
        if not {self.owner(queue), OPERATORS} & self.applications:
            await self.places.start_from_now([queue], self.clock())
        await self.hooked.add(queue, self.clock())

    async def signing_secret(self, application: str) -> SigningSecret:
        """What signs for the application's jobs and subscriptions; made when it is first asked for."""
        while (found := self.secrets.get(application)) is None:
            await self.secrets.add(application, SigningSecret(new_secret(os.urandom)))
        return found

    async def new_signing_secret(self, application: str, overlap_ms: int) -> SigningSecret:
        """Calls are signed with the old one as well for `overlap_ms` more."""
        await self.signing_secret(application)
        secret, until = new_secret(os.urandom), self.clock() + overlap_ms
        await self.secrets.change(application, lambda found: SigningSecret(secret, found.secret, until))
        return await self.signing_secret(application)

    async def _begin(self, application: str, others: Iterable[Webhook | Subscription]) -> None:
        await self.webhooks.refresh()
        await self.subscriptions.refresh()
        if sum(one.application == application for one in others) >= MOST:
            raise Forbidden(f"This application has {MOST} of them already")
        followed = self.applications
        if application in followed or OPERATORS in followed:
            return
        if application == OPERATORS:
            queues = [queue for queue in await self.all_queues() if self.owner(queue) not in followed]
        else:
            await self._ownership.refresh()
            queues = list(self._ownership.queues(application).values())
        new = [queue for queue in queues if self.hooked.get(queue) is None]
        await self.places.start_from_now(new, self.clock())

    async def drop_orphans(self) -> None:
        """End what belongs to applications that are gone."""
        for one in [one for one in self.receivers() if not self.is_there(one.application)]:
            await self._applications.refresh()
            if not self.is_there(one.application):
                await self.remove(one)

    async def refresh(self) -> None:
        """Learn what other processes have done up to now."""
        parts = (self.webhooks, self.subscriptions, self._ownership, self._applications)
        await asyncio.gather(*(part.refresh() for part in parts))

    def is_there(self, application: str) -> bool:
        """Whether the application is there, as far as it is known here."""
        return application in (OPERATORS, DEFAULT.application) or self._applications.get(application) is not None

    async def all_queues(self) -> list[str]:
        """The engine's names of all queues that there are."""
        found: list[str] = []
        after = ""
        while True:
            names, end = await self._directory.names(NameQuery(limit=_PAGE, after=after), self.clock())
            found += names
            if end is None:
                return found
            after = end
