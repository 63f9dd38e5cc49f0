"""From changes of the jobs of one queue to deliveries: who hears of each, and what is told."""

from collections.abc import Sequence

import msgspec

from corral.delivery.queue import message_id
from corral.lifecycle.accounts import Accounts
from corral.lifecycle.subscribers import Subscribers
from corral.model.delivery import Delivery, Kind
from corral.model.job import Job
from corral.model.job_card import JobCard
from corral.model.subscriber import Subscription, Webhook
from corral.policy import notices
from corral.policy.changes import Change
from corral.policy.matching import metadata_fit, reaches, subscription_wants, url_for, webhook_event, webhook_fits
from corral.store.store import Store

Draft = tuple[Delivery, str]
"""A delivery and its URL."""

_SKEW_MS = 60_000  # by which the engine's clock and this one's may differ

Heard = tuple[Change, list[Webhook], list[Subscription]]


class Drafting:
    """Asks the engine for jobs and cards only where somebody may hear of them."""

    def __init__(self, store: Store, subscribers: Subscribers, accounts: Accounts) -> None:
        self._store = store
        self._subscribers = subscribers
        self._accounts = accounts

    async def drafts(self, queue: str, changes: Sequence[Change]) -> list[Draft]:
        """In the order of the changes. Raises `StoreUnavailable`."""
        if not changes:
            return []
        await self._subscribers.refresh()
        heard = [(change, *self._hearers(queue, change)) for change in changes]
        ids = list(dict.fromkeys(change.job_id for change in changes if change.job_id))
        cards = dict(zip(ids, await self._store.job_index.cards([(queue, one) for one in ids]), strict=True))
        reading = list(dict.fromkeys(one[0].job_id for one in heard if (one[1] or one[2]) and one[0].job_id))
        jobs = dict(zip(reading, await self._store.job_details.many(queue, reading), strict=True)) if reading else {}
        drawn = _Drawing(queue, self._subscribers, self._accounts)
        return [draft for one in heard for draft in drawn.of(one, cards.get(one[0].job_id), jobs.get(one[0].job_id))]

    def _hearers(self, queue: str, change: Change) -> tuple[list[Webhook], list[Subscription]]:
        subscribers, status = self._subscribers, change.status
        owner = subscribers.owner(queue)
        return (
            [
                one
                for one in subscribers.webhooks_for(owner)
                if webhook_fits(one, status, name := subscribers.name_for(one.application, queue))
                and self._is_told(one, change, name)
            ],
            [
                one
                for one in subscribers.subscriptions_for(owner)
                if subscription_wants(one, status, name := subscribers.name_for(one.application, queue))
                and self._is_told(one, change, name)
            ],
        )

    def _is_told(self, one: Webhook | Subscription, change: Change, name: str) -> bool:
        """Not of what a queue has held for long, whose place is not known; and as long as its application may."""
        application = self._accounts.applications.get(one.application)
        allowed = () if application is None else (tuple(application.settings.allowed_queues),)
        return one.created_at - _SKEW_MS <= change.at and reaches(allowed, name)


class _Drawing:
    """The deliveries of one change of one queue's job after the other."""

    def __init__(self, queue: str, subscribers: Subscribers, accounts: Accounts) -> None:
        self._queue = queue
        self._subscribers = subscribers
        self._owner = subscribers.owner(queue)
        application = accounts.applications.get(self._owner)
        self._application = (self._owner, self._owner if application is None else application.name)

    def of(self, heard: Heard, card: JobCard | None, job: Job | None) -> list[Draft]:
        change, webhooks, subscriptions = heard
        if change.uncertain and not _is_retry(job):
            return []
        drafts = [self._for_webhook(one, change, card, job) for one in webhooks]
        metadata = {} if card is None else card.metadata
        drafts += [
            self._for_subscription(one, change, job, metadata)
            for one in subscriptions
            if metadata_fit(one.filters, metadata)
        ]
        told = card is not None and self._subscribers.is_there(card.application)
        url = url_for(card.webhooks, change.status) if card is not None and told else None
        if url is not None:
            body = notices.job_notice(change)
            drafts.append((self._delivery("job", url, self._owner, change.status, change, body), url))
        return drafts

    def _for_webhook(self, webhook: Webhook, change: Change, card: JobCard | None, job: Job | None) -> Draft:
        event = webhook_event(change.status)
        name = self._subscribers.name_for(webhook.application, self._queue)
        created = card.submitted_at if card is not None else (None if job is None else job.timestamp)
        body = notices.webhook_notice(event, change, name, self._application, created)
        return self._delivery("webhook", webhook.id, webhook.application, event, change, body), webhook.url

    def _for_subscription(
        self, subscription: Subscription, change: Change, job: Job | None, metadata: dict[str, object]
    ) -> Draft:
        name = self._subscribers.name_for(subscription.application, self._queue)
        body = notices.subscription_notice(subscription, change, name, job, metadata)
        delivery = self._delivery(
            "subscription", subscription.id, subscription.application, change.status, change, body
        )
        return delivery, subscription.endpoint

    def _delivery(self, kind: Kind, target: str, application: str, event: str, change: Change, body: bytes) -> Delivery:
        return Delivery(
            kind=kind,
            target=target,
            application=application,
            message=message_id(self._queue, change.event_id, kind, target),
            event=event,
            status=change.status,
            job_id=change.job_id,
            at=change.at,
            body=body.decode(),
        )


def _is_retry(job: Job | None) -> bool:
    return job is not None and job.attempts_made > 0 and job.failed_reason is not msgspec.UNSET
