"""The connections of outgoing calls; each address is checked as a connection to it begins."""

import socket
from collections.abc import Mapping
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from corral.delivery.answer import Answer, NotCalled, Refused
from corral.policy.targets import Allowed, address_of, is_blocked

MOST_BYTES = 65_536
"""Of an answer; the rest is not read."""

_CONNECTIONS, _PER_HOST = 200, 16
_KEPT_ALIVE = 15.0
_LONGEST_LINE = 8190


class GuardedSession:
    """Calls what the addresses allow; with `allowed` None, anything. Nothing that an answer asks for is followed."""

    def __init__(self, allowed: Allowed | None, resolver: AbstractResolver | None) -> None:
        self._allowed = allowed
        connector = aiohttp.TCPConnector(
            limit=_CONNECTIONS,
            limit_per_host=_PER_HOST,
            keepalive_timeout=_KEPT_ALIVE,
            use_dns_cache=False,
            resolver=resolver,
            socket_factory=None if allowed is None else self._checked_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
            auto_decompress=False,
            trust_env=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )

    async def send(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """Raises `NotCalled`."""
        try:
            async with self._session.request(
                method, URL(url), data=body, headers=headers, allow_redirects=False
            ) as reply:
                return await _answer(reply)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            if isinstance(error, TimeoutError):
                raise
            raise _refusal(error) or NotCalled(str(error) or type(error).__name__) from None

    async def close(self) -> None:
        await self._session.close()

    def _checked_socket(self, info: Any) -> socket.socket:
        """For one address, which the connection is then made to."""
        family, kind, protocol, _, place = info
        address = address_of(str(place[0]))
        assert self._allowed is not None
        if address is None or is_blocked(address, self._allowed):
            raise _BlockedAddress(f"The address {place[0]} may not be called")
        return socket.socket(family, kind, protocol)


class _BlockedAddress(OSError):
    """Raised where a connection begins, and told through those who try the next address."""


async def _answer(reply: aiohttp.ClientResponse) -> Answer:
    body = b""
    while len(body) < MOST_BYTES and (part := await reply.content.read(MOST_BYTES - len(body))):
        body += part
    if not reply.content.at_eof():
        reply.close()  # what is left of a long answer is not worth the connection
    headers = {name.lower(): value for name, value in reply.headers.items()}
    return Answer(reply.status, reply.reason or "", headers, body)


def _refusal(error: BaseException | None) -> Refused | None:
    """The reason when it was the address."""
    while error is not None:
        if isinstance(error, _BlockedAddress):
            return Refused(str(error))
        if isinstance(error, BaseExceptionGroup):
            return next((found for one in error.exceptions if (found := _refusal(one))), None)
        error = getattr(error, "os_error", None) or error.__cause__
    return None
