"""The client itself: requests in, replies out, connections kept alive between them."""

import asyncio
import ssl
from collections.abc import Mapping
from typing import Self

from corral.endpoints.http.dial import Dialer, MayCall
from corral.endpoints.http.errors import CallFailed, NoReply
from corral.endpoints.http.lane import Lane
from corral.endpoints.http.limits import DEFAULT_LIMITS, Limits
from corral.endpoints.http.redirect import MAX_HOPS, REDIRECTS, redirect
from corral.endpoints.http.reply import HttpReply
from corral.endpoints.http.request import Origin, Prepared, prepare

MANY_LANES = 1000


def _anywhere(host: str, address: str) -> bool:
    return True


class HttpPool:
    """Belongs to the running event loop. `tls` replaces the system's own rules for certificates.

    `may` is asked of each address before a connection is made to it, also where a redirect leads.
    """

    def __init__(
        self, limits: Limits = DEFAULT_LIMITS, tls: ssl.SSLContext | None = None, may: MayCall = _anywhere
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._limits = limits
        self._tls = tls
        self._may = may
        self._lanes: dict[str, Lane] = {}
        self._closed = False

    async def request(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes = b"", *, timeout: float
    ) -> HttpReply:
        """`prepare` and `send` in one, for a request that is sent once."""
        return await self.send(prepare(method, url, headers), body, timeout)

    async def send(self, prepared: Prepared, body: bytes, timeout: float) -> HttpReply:
        """Send a request and follow at most five redirects.

        `timeout` is seconds until the headers of the final response. A request on a kept connection that ends
        before the first byte of a response is sent again on a new one. Raises CallTimeout and CallFailed.
        """
        deadline = self._loop.time() + timeout
        reply = await self._exchange(prepared, body, deadline)
        hops = 0
        while reply.status in REDIRECTS and (onward := redirect(prepared, body, reply)):
            if (hops := hops + 1) > MAX_HOPS:
                raise CallFailed(f"more than {MAX_HOPS} redirects")
            prepared, body = onward
            reply = await self._exchange(prepared, body, deadline)
        return reply

    def close(self) -> None:
        """Close every connection; calls under way, and any made from now on, fail."""
        self._closed = True
        lanes, self._lanes = self._lanes, {}
        for lane in lanes.values():
            lane.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self.close()

    async def _exchange(self, prepared: Prepared, body: bytes, deadline: float) -> HttpReply:
        lane = self._lanes.get(prepared.origin.key) or self._open_lane(prepared.origin)
        wire = prepared.wire(body)
        if (connection := lane.take()) is not None:
            try:
                return await connection.call(wire, deadline)
            except NoReply:
                pass
        connection = await lane.open(deadline)
        return await connection.call(wire, deadline)

    def _open_lane(self, origin: Origin) -> Lane:
        if self._closed:
            raise CallFailed("the HTTP client is closed")
        if len(self._lanes) >= MANY_LANES:
            self._lanes = {key: lane for key, lane in self._lanes.items() if not lane.is_empty}
        dialer = Dialer(origin, self._context(origin), self._limits.addresses, self._may)
        lane = self._lanes[origin.key] = Lane(dialer, self._limits)
        return lane

    def _context(self, origin: Origin) -> ssl.SSLContext | None:
        if origin.scheme == "http":
            return None
        if self._tls is None:
            self._tls = ssl.create_default_context()
        return self._tls
