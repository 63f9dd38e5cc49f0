"""Waiting for what a connection reports."""

import asyncio


class Observer:
    """Remembers what a connection reports and lets a test wait for it."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str]] = []
        self._news = asyncio.Event()

    def __call__(self, state: str, detail: str) -> None:
        self.seen.append((state, detail))
        self._news.set()

    def count(self, state: str) -> int:
        return sum(seen == state for seen, _ in self.seen)

    async def reaches(self, state: str, times: int = 1) -> str:
        """The detail of the report that made it `times`."""
        async with asyncio.timeout(30):
            while self.count(state) < times:
                self._news.clear()
                await self._news.wait()
        return [detail for seen, detail in self.seen if seen == state][times - 1]
