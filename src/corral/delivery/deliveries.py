"""All that surfaces may ask for about outgoing messages. Whose they are is for whoever asks to see to."""

from collections.abc import Iterable

from corral.delivery.attempts import journal_of
from corral.delivery.calling import Called, Caller
from corral.delivery.office import Office
from corral.delivery.queue import QUEUE, decode, message_id, send, send_again
from corral.delivery.receivers import receiver_of, webhook_receiver
from corral.lifecycle.subscribers import Subscribers
from corral.lifecycle.tallies import Tallies
from corral.model.delivery import Delivery, DeliveryAttempt, Kind, kind_of
from corral.model.errors import NotFound
from corral.model.subscriber import Subscription, Webhook
from corral.policy.changes import Change
from corral.policy.matching import TEST
from corral.policy.notices import envelope, subscription_envelope

_PAGE = 500


class Deliveries:
    """Messages that were sent, and those that somebody wants to have sent."""

    def __init__(self, office: Office) -> None:
        self.subscribers: Subscribers = office.subscribers
        self.tallies: Tallies = office.tallies
        self._office = office
        self._caller = Caller(office)

    async def check(self, urls: Iterable[str]) -> None:
        """Raises `InvalidInput` for a URL that must not be called."""
        for url in dict.fromkeys(urls):
            await self._office.client.check(url)

    async def get(self, delivery: str) -> tuple[Delivery, str, list[DeliveryAttempt]]:
        """The delivery, the state of its job, and its attempts, oldest first. Raises `NotFound`."""
        found = await self._found(delivery)
        state = await self._office.store.job_details.state(QUEUE, delivery)
        return found, state, await self._office.attempts.of(delivery)

    async def attempts(
        self, kind: Kind, target: str, application: str, before: str | None, limit: int
    ) -> tuple[list[DeliveryAttempt], str | None]:
        """Those of one subscriber, or of the URLs of an application's jobs; newest first."""
        return await self._office.attempts.page(journal_of(kind, target, application), before, limit)

    async def resend(self, delivery: str) -> str:
        """The same message once more; the id of the new delivery. Raises `NotFound`."""
        found = await self._found(delivery)
        office = self._office
        receiver = receiver_of(found, office.subscribers, office.clock())
        if receiver is None:
            raise NotFound(f"The receiver of delivery '{delivery}' is gone or switched off")
        return await send_again(office.store, found, receiver.url, message_id(office.new_id()), office.clock())

    async def resend_all(self, kind: Kind, target: str, application: str, since: int, failed: bool) -> int:
        """What was sent to the subscriber from `since` (ms) on, or of that only what was given up and has not got
        through since; how many messages go out again. Those that are kept no longer are passed over."""
        office = self._office
        sent: dict[str, Delivery] = {}
        through: set[str] = set()
        before: str | None = None
        while True:
            rows, before = await self.attempts(kind, target, application, before, _PAGE)
            recent = [row for row in rows if row.at >= since and row.outcome != "again"]
            jobs = await office.store.job_details.many(QUEUE, [row.delivery for row in recent])
            for row, job in zip(recent, jobs, strict=True):
                if job is None:
                    continue
                delivery = decode(job.data)
                if row.outcome == "delivered":
                    through.add(delivery.message)
                sent.setdefault(delivery.message, delivery)
            if before is None or len(recent) < sum(row.outcome != "again" for row in rows):
                break
        return await self._send_all([one for name, one in sent.items() if not failed or name not in through])

    async def test_webhook(self, webhook: Webhook) -> Called:
        """Call it now, switched on or off."""
        office, now = self._office, self._office.clock()
        application = office.accounts.applications.get(webhook.application)
        name = webhook.application if application is None else application.name
        test = message_id(office.new_id())
        data = {
            "application": {"id": webhook.application, "name": name},
            "message": "This is a test of the webhook",
            "testId": test,
        }
        body = envelope(TEST, now, data).decode()
        delivery = Delivery("webhook", webhook.id, webhook.application, test, TEST, "test", "", now, body)
        return await self._caller.call(delivery, webhook_receiver(webhook, now), 1)

    async def test_subscription(self, subscription: Subscription) -> dict[str, object]:
        """Send a made-up event, whatever the filters say; the event."""
        office, now = self._office, self._office.clock()
        status = subscription.events[0]
        change = Change(office.new_id(), status, now, f"test-job-{now}")
        job: dict[str, object] = {
            "id": change.job_id,
            "queue": "test-queue",
            "status": status,
            "data": {"test": True, "message": "This is a test event"},
            "metadata": {"testEvent": True},
        }
        body = subscription_envelope(subscription, change, job).decode()
        delivery = Delivery(
            "subscription",
            subscription.id,
            subscription.application,
            message_id(change.event_id),
            status,
            status,
            change.job_id,
            now,
            body,
        )
        await send(office.store, [(delivery, subscription.endpoint)], now)
        return {"jobId": change.job_id, **{name: job[name] for name in ("queue", "status", "data", "metadata")}}

    async def end(self, application: str) -> None:
        """The application was deleted: what waits to be sent for it is not sent."""
        subscribers = self.subscribers
        await subscribers.refresh()
        for receiver in subscribers.receivers(application):
            await self.remove(receiver)
        await subscribers.secrets.remove(application)
        await self._office.store.journals.forget([journal_of("job", "", application)])

    async def remove(self, receiver: Webhook | Subscription) -> None:
        """End a webhook or a subscription, and forget what it was sent."""
        await self.subscribers.remove(receiver)
        await self.tallies.forget(receiver.id)
        await self._office.store.journals.forget([journal_of(kind_of(receiver), receiver.id, receiver.application)])

    async def _found(self, delivery: str) -> Delivery:
        job = await self._office.store.jobs.get(QUEUE, delivery)
        if job is None:
            raise NotFound(f"Delivery '{delivery}' not found")
        return decode(job.data)

    async def _send_all(self, deliveries: list[Delivery]) -> int:
        """Oldest first."""
        office, count = self._office, 0
        for delivery in sorted(deliveries, key=lambda one: one.at):
            receiver = receiver_of(delivery, office.subscribers, office.clock())
            if receiver is not None:
                await send_again(office.store, delivery, receiver.url, message_id(office.new_id()), office.clock())
                count += 1
        return count
