import asyncio
import ssl
from collections.abc import Callable
from pathlib import Path

import pytest
import trustme

from corral.model.errors import StoreUnavailable
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection
from corral.testing.fault_proxy import FaultProxy
from tests.stores.redis.engine import Engine
from tests.stores.redis.observer import Observer

Connect = Callable[..., Connection]


async def test_name_and_database(connect: Connect, valkey: Engine) -> None:
    zero, nine = connect(valkey.socket), connect(Address(path=valkey.socket, db=9), name="bull:cXVldWU=:w:x")
    await zero.send("SET", "which", 0)
    await nine.send("SET", "which", 9)
    assert await zero.send("GET", "which") == b"0"
    assert await nine.send("CLIENT", "GETNAME") == b"bull:cXVldWU=:w:x"


async def test_a_name_that_the_engine_refuses_does_no_harm(connect: Connect, valkey: Engine) -> None:
    connection = connect(valkey.socket, name="not a legal name")
    assert await connection.send("PING") == b"PONG"


async def test_a_database_that_does_not_exist(connect: Connect, valkey: Engine, observer: Observer) -> None:
    connection = connect(Address(path=valkey.socket, db=999), on_state=observer)
    assert "DB index is out of range" in await observer.reaches("failed")
    with pytest.raises(StoreUnavailable, match="DB index is out of range"):
        await connection.ready(0.01)


async def test_passwords_and_users(connect: Connect, engine: Engine) -> None:
    engine.start("--requirepass", "s3cret", "--user", "alice", "on", ">pässword", "~*", "+@all")
    default = connect(Address(path=engine.socket, password="s3cret"))
    alice = connect(Address(path=engine.socket, username="alice", password="pässword"))
    assert await default.send("ACL", "WHOAMI") == b"default"
    assert await alice.send("ACL", "WHOAMI") == b"alice"
    for password, why in ((None, "NOAUTH"), ("wr0ng", "WRONGPASS")):
        observer = Observer()
        refused = connect(Address(path=engine.socket, password=password), on_state=observer)
        told = await observer.reaches("failed")
        with pytest.raises(StoreUnavailable, match=why) as error:
            await refused.ready(0.01)
        assert why in told
        assert "wr0ng" not in told + str(error.value)


async def test_an_engine_that_still_loads_is_not_ready(connect: Connect, engine: Engine, observer: Observer) -> None:
    engine.start()
    filling = connect(engine.socket)
    await asyncio.gather(*(filling.send("SET", f"key:{n}", n) for n in range(100)))
    await filling.send("SAVE")
    await filling.close()
    engine.stop()
    slowly = ("--key-load-delay", "3000", "--loading-process-events-interval-bytes", "1024")
    engine.start(*slowly, until="Loading RDB")
    connection = connect(engine.socket, on_state=observer)
    assert await connection.send("GET", "key:7") == b"7"
    assert "LOADING" in (await observer.reaches("failed"))


async def test_tls(connect: Connect, valkey: Engine, observer: Observer, tmp_path: Path) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with FaultProxy(valkey.socket, tls=context) as proxy:
        url = f"rediss://{proxy.host}:{proxy.port}"
        trusting = connect(Address.from_url(f"{url}?ssl_ca_certs={tmp_path / 'ca.pem'}"))
        careless = connect(Address.from_url(f"{url}?ssl_cert_reqs=none"))
        assert await trusting.send("ECHO", "x" * 100_000) == b"x" * 100_000
        assert await careless.send("PING") == b"PONG"
        connect(Address.from_url(url), on_state=observer)
        assert "CERTIFICATE_VERIFY_FAILED" in await observer.reaches("failed")
        with pytest.raises(StoreUnavailable):
            await connect(Address(host=proxy.host, port=proxy.port)).ready(0.3)
        await asyncio.gather(trusting.close(), careless.close())
