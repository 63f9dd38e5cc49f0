"""Calls to URLs of strangers: the address is checked for each connection, and nothing is followed or read for long."""

import asyncio
import socket
from collections.abc import Mapping
from typing import TYPE_CHECKING

from corral.delivery.answer import Answer, NotCalled, Refused
from corral.model.errors import InvalidInput
from corral.policy.targets import Allowed, address_of, host_of, is_blocked

if TYPE_CHECKING:
    from aiohttp.abc import AbstractResolver

    from corral.delivery.session import GuardedSession

_RESOLVE_SECONDS = 3.0


class GuardedClient:
    """Hosts that are allowed by name have a pool of their own, so that the addresses of all others can be checked."""

    def __init__(self, allowed: Allowed, resolver: "AbstractResolver | None" = None) -> None:
        self._allowed = allowed
        self._resolver = resolver
        self._sessions: dict[bool, GuardedSession] = {}

    async def check(self, url: str) -> None:
        """Raises `InvalidInput` for a URL that must not be called. A name that is not known now may be later."""
        host = host_of(url)
        if self._allowed.has_name(host):
            return
        for found in await self._addresses(host):
            address = address_of(found)
            if address is None or is_blocked(address, self._allowed):
                raise InvalidInput(f"The host {host} is at an address that may not be called")

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes, timeout: float) -> Answer:
        """The beginning of the answer. Raises `NotCalled`, `timeout` seconds being for all of it."""
        try:
            host = host_of(url)
        except InvalidInput as error:
            raise Refused(str(error)) from None
        session = self._session(self._allowed.has_name(host))
        try:
            async with asyncio.timeout(timeout):
                return await session.send(method, url, headers, body)
        except TimeoutError:
            raise NotCalled(f"No answer within {timeout:g} s") from None

    async def close(self) -> None:
        for session in self._sessions.values():
            await session.close()

    def _session(self, trusted: bool) -> "GuardedSession":
        if trusted not in self._sessions:
            from corral.delivery.session import GuardedSession  # it is slow to import, and most servers call nobody

            self._sessions[trusted] = GuardedSession(None if trusted else self._allowed, self._resolver)
        return self._sessions[trusted]

    async def _addresses(self, host: str) -> list[str]:
        if address_of(host) is not None:
            return [host]
        try:
            async with asyncio.timeout(_RESOLVE_SECONDS):
                if self._resolver is not None:
                    return [one["host"] for one in await self._resolver.resolve(host)]
                found = await asyncio.get_running_loop().getaddrinfo(host, None, type=socket.SOCK_STREAM)
        except (OSError, TimeoutError, UnicodeError):
            return []
        return [str(one[4][0]) for one in found]
