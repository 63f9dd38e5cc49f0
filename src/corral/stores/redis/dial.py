"""Opens a connection and logs in."""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from functools import cache

from corral.model.errors import StoreError, StoreUnavailable
from corral.stores.redis.address import Address
from corral.stores.redis.limits import ConnectionLimits
from corral.stores.redis.wire import Sender, Wire

OnConnect = Callable[[Sender], Awaitable[None]]


async def dial(address: Address, name: str, limits: ConnectionLimits, on_connect: OnConnect | None = None) -> Wire:
    """A wire that is logged in and whose engine serves (it may be up and still LOADING).

    Raises OSError, StoreError or StoreUnavailable; `on_connect` may send on the wire before anybody else.
    """
    wire = Wire(asyncio.get_running_loop())
    try:
        async with asyncio.timeout(limits.connect_timeout):
            await _open(wire, address)
            await _greet(wire, address, name)
        if on_connect is not None:
            async with asyncio.timeout(limits.reply_timeout):
                await on_connect(wire)
            if wire.ended is not None:
                raise StoreUnavailable(wire.ended)
    except TimeoutError:
        wire.drop("too slow to connect")
        raise StoreUnavailable(f"{address} did not answer in time") from None
    except BaseException:
        wire.drop("the connection was given up")
        raise
    return wire


async def _open(wire: Wire, address: Address) -> None:
    loop = asyncio.get_running_loop()
    if address.path is not None:
        await loop.create_unix_connection(lambda: wire, address.path)
    else:
        tls = _tls(address.tls_verify, address.tls_ca) if address.tls else None
        try:
            await loop.create_connection(lambda: wire, address.host, address.port, ssl=tls)
        except ssl.SSLError:
            _tls.cache_clear()  # the accepted authorities may have been replaced on disk
            raise


@cache
def _tls(verify: bool, ca: str | None) -> ssl.SSLContext:
    """Kept, as reading the system's authorities takes 20 ms."""
    context = ssl.create_default_context(cafile=ca)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


async def _greet(wire: Wire, address: Address, name: str) -> None:
    steps = []
    if address.password is not None:
        user = () if address.username is None else (address.username,)
        steps.append(wire.send("AUTH", *user, address.password))
    if address.db:
        steps.append(wire.send("SELECT", address.db))
    naming = wire.send("CLIENT", "SETNAME", name) if name else None
    steps.append(wire.send("PING"))
    for step in steps:
        await step
    if naming is not None:
        await _tolerate(naming)


async def _tolerate(naming: asyncio.Future[bytes]) -> None:
    """A name is for people who look at CLIENT LIST; some engines and proxies refuse it."""
    with contextlib.suppress(StoreError):
        await naming
