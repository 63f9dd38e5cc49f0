"""Decides when a silent peer is pinged and when it is given up."""

from enum import Enum, auto

from corral.server.http.limits import Limits


class Beat(Enum):
    """What is due."""

    NOTHING = auto()
    PING = auto()
    GIVE_UP = auto()


class Heartbeat:
    """Any byte from the peer counts as a sign of life, a pong or not. Whoever hears one sets `heard`."""

    def __init__(self, limits: Limits, now: float) -> None:
        self.heard = now
        self._limits = limits
        self._pinged: float | None = None

    def check(self, now: float) -> Beat:
        """To be asked regularly."""
        if self._pinged is not None and self.heard < self._pinged:
            return Beat.GIVE_UP if now - self._pinged > self._limits.ping_timeout else Beat.NOTHING
        if now - self.heard > self._limits.ping_idle:
            self._pinged = now
            return Beat.PING
        self._pinged = None
        return Beat.NOTHING
