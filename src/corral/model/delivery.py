"""One message to one receiver, and the calls that were made to bring it there."""

from typing import Literal

import msgspec

from corral.model.subscriber import Subscription, Webhook

Kind = Literal["webhook", "subscription", "job"]
Outcomes = Literal["delivered", "again", "failed"]


def kind_of(receiver: Webhook | Subscription) -> Kind:
    return "webhook" if isinstance(receiver, Webhook) else "subscription"


class Delivery(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a job of the queue of deliveries holds. `target` is the id of a webhook or subscription, or the URL that a
    job was given; `message` is the same however often it is sent. `body` is JSON as text, as engines
    may write JSON anew."""

    kind: Kind
    target: str
    application: str
    message: str
    event: str
    status: str
    job_id: str
    at: int
    body: str
    resent: bool = False


class DeliveryAttempt(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One call. `status` is that of the answer, none when there was no answer; then `error` says why. `body` is the
    beginning of the answer, `ms` how long it took. `outcome`: it went well, comes again, or was given up."""

    delivery: str
    at: int
    attempt: int
    event: str
    job_id: str
    outcome: Outcomes
    ms: int
    status: int | None = None
    error: str | None = None
    body: str | None = None
