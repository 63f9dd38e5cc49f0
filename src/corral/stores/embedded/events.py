"""What an embedded engine tells of its life, for the log."""

from collections.abc import Callable, Mapping
from typing import Literal

from corral.stores.embedded.probe import ServerState

EngineEvent = Literal[
    "started",  # pid, seconds: our server does work
    "attached",  # pid: another corral's server does work for us too
    "waiting",  # seconds: another corral owns the engine and it does not answer yet
    "loading",  # pid, percent, eta_seconds: the server reads its data back
    "orphan",  # pid or None, seconds: a server of an earlier owner is still there and has been asked to go
    "died",  # pid, code: our server ended on its own (a negative code is a signal)
    "restart-failed",  # error: it could not be started again; the next try follows
    "stopped",  # pid: we ended our server
]

PROGRESS_SECONDS = 1.0

OnEvent = Callable[[EngineEvent, Mapping[str, object]], None]


def ignore(event: EngineEvent, detail: Mapping[str, object]) -> None:
    """For those who do not want to know."""


class Progress:
    """Tells of a wait as it goes on: at once, then once a second."""

    def __init__(self, on_event: OnEvent, clock: Callable[[], float]) -> None:
        self._on_event = on_event
        self._clock = clock
        self._next = clock()

    def tell(self, event: EngineEvent, detail: Mapping[str, object]) -> None:
        if self._clock() >= self._next:
            self._next = self._clock() + PROGRESS_SECONDS
            self._on_event(event, detail)

    def tell_loading(self, state: ServerState) -> None:
        detail = {"pid": state.pid, "percent": state.percent, "eta_seconds": state.eta_seconds}
        self.tell("loading", detail)
