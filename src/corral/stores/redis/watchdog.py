"""Notices that a connection has gone silent although nobody closed it."""

import asyncio

from corral.stores.redis.wire import Wire

_LOOKS = 10
_IDLE_LOOKS = 5


class Watchdog:
    """Drops `wire` when a reply is due and nothing came for `timeout` seconds; pings it when idle half as long.

    Counts looks instead of reading the clock: a process that was itself suspended has looked only once.
    """

    __slots__ = ("_idle", "_interval", "_loop", "_silent", "_timeout", "_timer", "_wire")

    def __init__(self, loop: asyncio.AbstractEventLoop, wire: Wire, timeout: float) -> None:
        self._loop = loop
        self._wire = wire
        self._timeout = timeout
        self._interval = timeout / _LOOKS
        self._idle = 0
        self._silent = 0
        self._timer = loop.call_later(self._interval, self._look)

    def stop(self) -> None:
        self._timer.cancel()

    def _look(self) -> None:
        wire = self._wire
        if wire.ended is not None:
            return
        self._timer = self._loop.call_later(self._interval, self._look)
        if wire.heard:
            wire.heard = False
            self._idle = self._silent = 0
        elif wire.awaits_reply:
            self._silent += 1
            if self._silent > _LOOKS:
                wire.drop(f"no reply for {self._timeout:g} s")
        else:
            self._idle += 1
            if self._idle >= _IDLE_LOOKS:
                self._idle = 0
                wire.send("PING")
