"""How many requests a caller may make in a while, over all processes.

The engine counts. Where many requests are allowed, a process takes them from the engine a few at a time and counts
those by itself: one in a hundred of the limit at once. So the limit is never exceeded, and a caller whose requests are
spread over n processes may be refused up to n - 1 hundredths early.
"""

import asyncio
import math
from collections import OrderedDict

import msgspec

from corral.lifecycle.intake import Clock
from corral.model.errors import StoreError, StoreUnavailable
from corral.store.windows import WindowStore

_SHARE = 100
_MOST_AT_ONCE = 50
_REMEMBERED = 10_000

Headers = tuple[tuple[str, str], ...]


class Standing(msgspec.Struct, frozen=True):
    """Where a caller stands: whether this request may pass, how many more may, and the seconds until all may again."""

    passes: bool
    left: int
    reset: int


class RateLimiter:
    """`most` requests per caller in `window_ms`; 0 is no limit."""

    def __init__(self, windows: WindowStore, most: int, window_ms: int, clock: Clock) -> None:
        self._windows = windows
        self._most = most
        self._window_ms = window_ms
        self._clock = clock
        self._step = max(1, min(_MOST_AT_ONCE, most // _SHARE))
        self._callers: OrderedDict[str, _Window] = OrderedDict()

    async def take(self, name: str) -> Standing | None:
        """Count one request. None: there is no limit, or nobody to count while the engine is away."""
        if self._most == 0:
            return None
        window = self._window(name)
        try:
            async with window.turn:
                return await self._take(window, f"requests:{name}")
        except (StoreUnavailable, StoreError):
            return None

    def headers(self, standing: Standing) -> Headers:
        """Of both families: those of the IETF draft, and `X-RateLimit-*`, whose reset is a time in seconds."""
        most, left = str(self._most), str(standing.left)
        at = str(math.ceil(self._clock() / 1000) + standing.reset)
        told = (
            ("ratelimit-policy", f"{most};w={math.ceil(self._window_ms / 1000)}"),
            ("ratelimit-limit", most),
            ("ratelimit-remaining", left),
            ("ratelimit-reset", str(standing.reset)),
            ("x-ratelimit-limit", most),
            ("x-ratelimit-remaining", left),
            ("x-ratelimit-reset", at),
        )
        return told if standing.passes else (*told, ("retry-after", str(standing.reset)))

    async def _take(self, window: "_Window", name: str) -> Standing:
        now = asyncio.get_running_loop().time()
        if now >= window.ends:
            window.credit, window.full = 0, False
        if window.credit == 0 and not window.full:
            await self._lend(window, name)
        passes = window.credit > 0
        window.credit -= passes
        left = max(0, self._most - window.used) + window.credit
        reset = max(1, math.ceil(window.ends - asyncio.get_running_loop().time()))
        return Standing(passes, left if passes else 0, reset)

    async def _lend(self, window: "_Window", name: str) -> None:
        """Take a few requests from the engine, or the last one, or learn that there are none left."""
        for amount in dict.fromkeys((self._step, 1)):
            found = await self._windows.take(name, self._most, self._window_ms, self._clock(), amount)
            window.ends = asyncio.get_running_loop().time() + found.left_ms / 1000
            window.used = found.used
            if found.taken:
                window.credit = amount
                return
        window.full = True

    def _window(self, name: str) -> "_Window":
        window = self._callers.get(name)
        if window is None:
            window = self._callers[name] = _Window()
            if len(self._callers) > _REMEMBERED:
                self._callers.popitem(last=False)
        self._callers.move_to_end(name)
        return window


class _Window:
    """What this process knows of one caller's window, and the requests that it may still let pass by itself."""

    __slots__ = ("credit", "ends", "full", "turn", "used")

    def __init__(self) -> None:
        self.turn = asyncio.Lock()
        self.credit = 0
        self.used = 0
        self.ends = 0.0
        self.full = False
