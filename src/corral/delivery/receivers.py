"""How a receiver is called: where, with which headers and signatures, and how often."""

import msgspec

from corral.lifecycle.subscribers import Subscribers
from corral.model.delivery import Delivery
from corral.model.subscriber import SigningSecret, Subscription, Webhook
from corral.policy.moments import iso
from corral.policy.redelivery import Terms
from corral.policy.signing import hex_signature, standard_signature

_AGENT = "QueueService-Webhooks/1.0"
_SECONDS, _JOB_SECONDS = 30.0, 5.0
_JOB_TERMS = Terms(attempts=5, first_ms=1000)


class Receiver(msgspec.Struct, frozen=True):
    """`secrets` are the newest first; without any the call is not signed."""

    url: str
    terms: Terms
    seconds: float
    secrets: tuple[str, ...]
    method: str = "POST"
    headers: dict[str, str] = {}


def receiver_of(delivery: Delivery, subscribers: Subscribers, now: int) -> Receiver | None:
    """As it is registered now; None: it is gone, or switched off."""
    match delivery.kind:
        case "job" if not subscribers.is_there(delivery.application):
            return None
        case "job":
            secrets = _valid(subscribers.secrets.get(delivery.application), now)
            return Receiver(delivery.target, _JOB_TERMS, _JOB_SECONDS, secrets)
        case "webhook":
            webhook = subscribers.webhooks.get(delivery.target)
            return None if webhook is None or not webhook.active else webhook_receiver(webhook, now)
        case "subscription":
            found = subscribers.subscriptions.get(delivery.target)
            secrets = _valid(subscribers.secrets.get(delivery.application), now)
            return None if found is None or not found.active else subscription_receiver(found, secrets)


def webhook_receiver(webhook: Webhook, now: int) -> Receiver:
    retry = webhook.retry_config
    old = () if webhook.old_secret is None or webhook.old_secret_until <= now else (webhook.old_secret,)
    return Receiver(
        webhook.url,
        Terms(retry.max_attempts, retry.initial_delay, retry.backoff_multiplier),
        _SECONDS,
        (webhook.secret, *old),
        headers=webhook.headers,
    )


def subscription_receiver(subscription: Subscription, secrets: tuple[str, ...]) -> Receiver:
    retry = subscription.retry_config
    return Receiver(
        subscription.endpoint,
        Terms(retry.max_attempts, retry.backoff_ms),
        _SECONDS,
        secrets,
        subscription.method,
        subscription.headers,
    )


def headers_of(delivery: Delivery, receiver: Receiver, attempt: int, now: int) -> dict[str, str]:
    """The receiver's own headers go over all but the signatures."""
    body, seconds = delivery.body.encode(), now // 1000
    headers = {"Content-Type": "application/json", "User-Agent": _AGENT, **_about(delivery, attempt, now)}
    given = {name.lower() for name in receiver.headers}
    headers = {name: value for name, value in headers.items() if name.lower() not in given}
    signed = {"webhook-id": delivery.message, "webhook-timestamp": str(seconds)}
    if receiver.secrets:
        signed["X-Webhook-Signature"] = hex_signature(receiver.secrets[0], body)
        signed["webhook-signature"] = standard_signature(receiver.secrets, delivery.message, seconds, body)
    return {**headers, **receiver.headers, **signed}


def _about(delivery: Delivery, attempt: int, now: int) -> dict[str, str]:
    if delivery.kind == "webhook":
        return {
            "X-Webhook-Event": delivery.event,
            "X-Webhook-Timestamp": iso(now),
            "X-Webhook-Attempt": str(attempt),
        }
    about = {"X-Job-Id": _header(delivery.job_id), "X-Job-Status": _header(delivery.status)}
    if delivery.kind == "subscription":
        about |= {"X-Subscription-Id": delivery.target, "X-Application-Id": _header(delivery.application)}
    return about


def _header(text: str) -> str:
    """As a header may have it."""
    return "".join(letter if letter.isascii() and letter.isprintable() else "?" for letter in text)


def _valid(secret: SigningSecret | None, now: int) -> tuple[str, ...]:
    if secret is None:
        return ()
    return (secret.secret,) if secret.old is None or secret.old_until <= now else (secret.secret, secret.old)
