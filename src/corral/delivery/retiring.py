"""Receivers that are called no more: they said that they are gone, or have failed too often."""

from typing import Any, TypeVar

import msgspec

from corral.delivery.office import Office
from corral.delivery.queue import message_id, send
from corral.lifecycle.kept import Kept
from corral.model.delivery import Delivery
from corral.model.subscriber import Subscription, Webhook
from corral.observe import log
from corral.policy.matching import DISABLED
from corral.policy.notices import envelope

T = TypeVar("T", Webhook, Subscription)

_MOST_FAILURES = 10
"""Attempts without a success in between, the last of which was given up."""


class Retiring:
    """Switches receivers off, and tells the other webhooks of the application."""

    def __init__(self, office: Office) -> None:
        self._store = office.store
        self._subscribers = office.subscribers
        self._tallies = office.tallies
        self._clock = office.clock

    async def look(self, delivery: Delivery, *, gone: bool, given_up: bool) -> None:
        """After an attempt that failed. Raises `StoreUnavailable`."""
        if gone:
            return await self._retire(delivery, "it answered 410 Gone")
        if not given_up:
            return None
        failures = (await self._tallies.of(delivery.target)).failures
        if failures >= _MOST_FAILURES:
            await self._retire(delivery, f"{failures} attempts in a row have failed")

    async def _retire(self, delivery: Delivery, why: str) -> None:
        kept: Kept[Any] = self._subscribers.kept_of(Webhook if delivery.kind == "webhook" else Subscription)
        before = await kept.change(delivery.target, _inactive)
        if before is None or not before.active:
            return
        log.receiver_disabled(delivery.kind, delivery.target, why)
        await self._tell(before, delivery, why)

    async def _tell(self, retired: Webhook | Subscription, delivery: Delivery, why: str) -> None:
        now = self._clock()
        data = {"id": retired.id, "kind": delivery.kind, "reason": why}
        body = envelope(DISABLED, now, data).decode()
        drafts = []
        for webhook in self._subscribers.webhooks.all().values():
            if webhook.application == retired.application and webhook.active and DISABLED in webhook.events:
                told = Delivery(
                    kind="webhook",
                    target=webhook.id,
                    application=webhook.application,
                    message=message_id(DISABLED, retired.id, str(now), webhook.id),
                    event=DISABLED,
                    status="disabled",
                    job_id="",
                    at=now,
                    body=body,
                )
                drafts.append((told, webhook.url))
        await send(self._store, drafts, now)


def _inactive(found: T) -> T:
    return msgspec.structs.replace(found, active=False)
