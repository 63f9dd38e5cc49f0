"""Counting the calls of receivers."""

from collections.abc import Callable

from corral.lifecycle.ledger import Ledger, page_of
from corral.model.delivery import Delivery, DeliveryAttempt
from corral.observe import log
from corral.policy.measures import ATTEMPTS, DELIVERIES, DELIVERY, GAPS, WEBHOOK_CALLS

Measure = Callable[[Delivery, DeliveryAttempt], None]
_PAGE = "deliveries"
_MOST_TOLD = 10  # attempts that have a label of their own


def measure_in(ledger: Ledger) -> Measure:
    """What is told of each call that was made, and of the end of each delivery."""

    def measure(delivery: Delivery, attempt: DeliveryAttempt) -> None:
        status = "success" if attempt.outcome == "delivered" else "failed"
        application, event = delivery.application, delivery.event
        number = str(attempt.attempt) if attempt.attempt < _MOST_TOLD else f"{_MOST_TOLD}+"
        ledger.count(_PAGE, ATTEMPTS, application, event, status, number)
        ledger.count(_PAGE, WEBHOOK_CALLS, application, status)
        ledger.histogram(_PAGE, DELIVERY, application, status).saw(attempt.ms / 1000)
        if attempt.outcome != "again":
            ledger.count(_PAGE, DELIVERIES, application, event, status)

    return measure


def gaps_in(ledger: Ledger) -> Callable[[str, int], None]:
    """What is told of events of a queue that were gone before they were read, and of the ends that were found."""

    def missed(queue: str, ends: int) -> None:
        log.events_missed(queue, ends)
        ledger.count(page_of(queue), GAPS)

    return missed


def unmeasured(delivery: Delivery, attempt: DeliveryAttempt) -> None:
    """Where nobody counts."""
