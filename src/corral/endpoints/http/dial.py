"""Opening connections: name resolution, TCP, TLS, and what to tell a person when one of them fails."""

import asyncio
import socket
import ssl
from collections.abc import Callable

from corral.endpoints.http.connection import Connection
from corral.endpoints.http.errors import CallFailed
from corral.endpoints.http.request import Origin

MayCall = Callable[[str, str], bool]
"""Whether a host may be called at an address."""


class Dialer:
    """Opens connections to one origin, where it `may` be called; its addresses are believed for `believe` seconds."""

    def __init__(self, origin: Origin, tls: ssl.SSLContext | None, believe: float, may: MayCall) -> None:
        self.authority = origin.authority
        self._loop = asyncio.get_running_loop()
        self._origin = origin
        self._tls = tls
        self._believe = believe
        self._may = may
        self._addresses: list[str] = []
        self._resolved_at = float("-inf")

    async def dial(self, factory: Callable[[], Connection]) -> Connection:
        """Try each address in turn. Raises CallFailed with the last reason. Sets no time limit of its own."""
        error: OSError | None = None
        for address in await self._resolve():
            try:
                return await self._connect(address, factory)
            except OSError as failure:
                error = failure
        self._addresses = []
        raise CallFailed(self._explain(error))

    async def _resolve(self) -> list[str]:
        now = self._loop.time()
        if self._addresses and now - self._resolved_at < self._believe:
            return self._addresses
        try:
            host, port = self._origin.host, self._origin.port
            found = await self._loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise CallFailed(f"cannot resolve the host name {self._origin.host}") from None
        addresses = [str(address[0]) for *_, address in found]
        self._addresses = [address for address in addresses if self._may(host, address)]
        if not self._addresses:
            raise CallFailed(f"the host {host} is at an address that may not be called")
        self._resolved_at = now
        return self._addresses

    async def _connect(self, address: str, factory: Callable[[], Connection]) -> Connection:
        name = self._origin.host if self._tls else None
        _, connection = await self._loop.create_connection(
            factory, address, self._origin.port, ssl=self._tls, server_hostname=name
        )
        return connection

    def _explain(self, error: OSError | None) -> str:
        where = self.authority
        match error:
            case ssl.SSLCertVerificationError():
                return f"the certificate of {where} is not trusted: {error.verify_message}"
            case ssl.SSLError():
                return f"TLS with {where} failed: {error.reason or error}"
            case ConnectionRefusedError():
                return f"connection refused by {where}"
            case ConnectionResetError():
                return f"{where} closed the connection while it was being opened"
        return f"cannot connect to {where}: {error.strerror or error if error else 'it has no address'}"
