"""Signs of work within one process, beside those that the listener hears."""

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from corral.store.jobs import Claim, ClaimRequest
from corral.stores.postgres.bell import Bell


class Signs:
    """A claim that got all it asked for leaves a sign: one notification may have stood for more jobs than that."""

    def __init__(self) -> None:
        self._left: set[str] = set()
        self._waiting: dict[str, deque[Bell]] = {}

    def after(self, queue: str, request: ClaimRequest, claim: Claim) -> None:
        """Wake the one who has waited longest, else whoever waits next."""
        if len(claim.jobs) < request.count:
            return
        waiting = self._waiting.get(queue)
        if waiting:
            waiting.popleft().ring()
        else:
            self._left.add(queue)

    def take(self, queue: str) -> bool:
        """Whether a sign was left; it is gone then."""
        if queue not in self._left:
            return False
        self._left.discard(queue)
        return True

    @contextmanager
    def waits(self, queue: str, bell: Bell) -> Iterator[None]:
        """While somebody waits, the next sign rings for them."""
        line = self._waiting.setdefault(queue, deque())
        line.append(bell)
        try:
            yield
        finally:
            if bell in line:
                line.remove(bell)
            if not line:
                self._waiting.pop(queue, None)
