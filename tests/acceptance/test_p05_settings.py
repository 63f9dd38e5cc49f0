"""The variables of the original, read as `corral serve` reads them."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from redis import Redis

from corral.testing.engines import RunningEngine, free_port
from corral.testing.fault_proxy import FaultProxy
from corral.testing.server import TOKEN
from tests.acceptance.client import Client
from tests.acceptance.command import corral_serve
from tests.acceptance.conftest import Serve, ServeVariables, behind
from tests.acceptance.endpoint import EndpointServer
from tests.acceptance.sockets import opened


@pytest.fixture
def locked_engine(own_engine: RunningEngine) -> Iterator[RunningEngine]:
    """With one password for everybody and one for the user `shop`."""
    with behind(own_engine) as admin:
        admin.execute_command("ACL", "SETUSER", "shop", "on", ">p@ss:word/1", "~*", "&*", "+@all")
        admin.config_set("requirepass", "s3cret")
        yield own_engine
        admin.config_set("requirepass", "")


async def adds(port: int) -> None:
    [job] = await Client(port).add("orders", {"name": "n", "data": {}})
    assert job["id"] == "1"


async def test_p05_redis_url(own_engine: RunningEngine, serve_variables: ServeVariables) -> None:
    process = await serve_variables(REDIS_URL=f"{own_engine.url}/5", REDIS_HOST="nowhere.invalid", REDIS_PORT="1")
    await adds(process.port)
    with behind(own_engine, db=5) as five:
        assert five.dbsize() > 0


async def test_p05_redis_url_with_user_and_password(
    locked_engine: RunningEngine, serve_variables: ServeVariables
) -> None:
    url = f"redis://shop:p%40ss%3Aword%2F1@127.0.0.1:{locked_engine.port}"
    await adds((await serve_variables(REDIS_URL=url, REDIS_PASSWORD="ignored")).port)


async def test_p05_redis_url_with_the_real_command(engine: RunningEngine, tmp_path: Path, prefix: str) -> None:
    variables = {"REDIS_URL": engine.url, "AUTH_TOKENS": TOKEN, "QUEUE_PREFIX": prefix}
    async with corral_serve(tmp_path, **variables, CORRAL_LOG_FORMAT="json") as command:
        await adds(await command.port())


async def test_p06_host_and_port(own_engine: RunningEngine, serve_variables: ServeVariables) -> None:
    await adds((await serve_variables(REDIS_HOST="127.0.0.1", REDIS_PORT=str(own_engine.port))).port)


@pytest.mark.parametrize(
    "login",
    [{"REDIS_PASSWORD": "s3cret"}, {"REDIS_USERNAME": "shop", "REDIS_PASSWORD": "p@ss:word/1"}],
    ids=["password", "user"],
)
async def test_p06_user_and_password(
    locked_engine: RunningEngine, serve_variables: ServeVariables, login: dict[str, str]
) -> None:
    await adds((await serve_variables(REDIS_PORT=str(locked_engine.port), **login)).port)


@pytest.mark.parametrize("login", [{}, {"REDIS_PASSWORD": "wr0ng"}], ids=["none", "wrong"])
async def test_p06_without_the_right_password_nothing_is_served(
    locked_engine: RunningEngine, serve_variables: ServeVariables, login: dict[str, str]
) -> None:
    client = Client((await serve_variables(REDIS_PORT=str(locked_engine.port), **login)).port)
    reply = await client.call("GET", "/health/ready", token=None)
    assert (reply.status, reply.json()["engine"]["state"]) == (503, "unavailable")


async def test_p06_tls(
    engine: RunningEngine, serve_variables: ServeVariables, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with FaultProxy(str(engine.socket_path), tls=context) as proxy:
        address = {"REDIS_HOST": proxy.host, "REDIS_PORT": str(proxy.port)}
        process = await serve_variables(**address, REDIS_TLS="true")
        await adds(process.port)
        await process.stop(0.1)


async def test_p07_tokens_of_both_variables_are_trimmed(engine: RunningEngine, serve_variables: ServeVariables) -> None:
    tokens = {"AUTH_TOKENS": "one , two", "AUTH_KEYS": " three,,"}
    process = await serve_variables(REDIS_URL=engine.url, **tokens)
    for token, status in {"one": 200, "two": 200, "three": 200, "one ": 200, "": 401, "on": 401}.items():
        reply = await Client(process.port, token).call("GET", "/workers")
        assert (token, reply.status) == (token, status)


async def test_p08_without_tokens_every_route_of_the_queue_is_401(
    engine: RunningEngine, serve_variables: ServeVariables
) -> None:
    process = await serve_variables(REDIS_URL=engine.url, AUTH_TOKENS="")
    for token in (None, "", ",", "undefined"):
        for method, path in (("GET", "/workers"), ("POST", "/queues/orders/jobs"), ("DELETE", "/workers/orders")):
            assert (await Client(process.port, token).call(method, path, [])).status == 401
    assert (await Client(process.port, None).call("GET", "/")).status == 200


@pytest.mark.parametrize("queue_prefix", ["shop", "{b}", "a:b"])
async def test_p09_prefix_of_routes_and_workers(
    own_engine: RunningEngine, serve_variables: ServeVariables, endpoint: EndpointServer, queue_prefix: str
) -> None:
    process = await serve_variables(REDIS_URL=own_engine.url, QUEUE_PREFIX=queue_prefix)
    client = Client(process.port)
    [job] = await client.add("orders", {"name": "n", "data": 1})
    assert job["queueQualifiedName"] == f"{queue_prefix}:orders"
    await client.register("orders", endpoint.url)
    assert (await endpoint.next()).job["queueQualifiedName"] == f"{queue_prefix}:orders"
    with behind(own_engine) as redis:
        keys = set(redis.scan_iter())
    expected = {f"{queue_prefix}:orders:{name}" for name in ("1", "id", "meta", "events")}
    assert expected <= keys
    assert all(
        key.startswith((f"{queue_prefix}:orders:", f"{queue_prefix}:corral:", "bmqp:w:meta", "bmpq:w:stream"))
        for key in keys
    )


async def test_p09_prefix_of_sockets(serve: Serve, redis: Redis, prefix: str) -> None:
    server = await serve(queue_prefix=f"{{{prefix}}}")
    async with opened(server, "/ws/queues/orders/process/1") as worker, opened(server, "/queues/orders") as queue:
        job = await queue.ok("add", "n", {"x": 1}, None)
        assert job["queueQualifiedName"] == f"{{{prefix}}}:orders"
        id, payload = await worker.job()
        assert payload == {"x": 1}
        await worker.answer(id, result=None)
    assert redis.exists(f"{{{prefix}}}:orders:1")
    assert not redis.exists("bull:orders:1", "bull:orders:id")


@pytest.mark.parametrize("name", ["WORKER_METADATA_KEY", "WORKER_METADATA_STREAM"])
async def test_p10_metadata_key_and_stream_are_independent(
    own_engine: RunningEngine, serve_variables: ServeVariables, endpoint: EndpointServer, name: str
) -> None:
    process = await serve_variables(REDIS_URL=own_engine.url, **{name: "of-my-own"})
    client = Client(process.port)
    await client.register("orders", endpoint.url)
    names = {"WORKER_METADATA_KEY": "bmqp:w:meta", "WORKER_METADATA_STREAM": "bmpq:w:stream"} | {name: "of-my-own"}
    with behind(own_engine) as redis:
        assert redis.hkeys(names["WORKER_METADATA_KEY"]) == ["orders"]
        assert redis.xlen(names["WORKER_METADATA_STREAM"]) == 1
    await client.add("orders", {"name": "n", "data": 1})
    await endpoint.next()


async def test_p11_stream_of_changes_is_bounded_exactly(
    own_engine: RunningEngine, serve_variables: ServeVariables, endpoint: EndpointServer
) -> None:
    process = await serve_variables(REDIS_URL=own_engine.url, MAX_LEN_WORKER_METADATA_STREAM="5")
    client = Client(process.port)
    for number in range(8):
        await client.register(f"orders-{number}", endpoint.url)
    await client.call("DELETE", "/workers/orders-0")
    with behind(own_engine) as redis:
        newest = [fields["worker"] for _, fields in redis.xrange("bmpq:w:stream")]
    assert newest == ["orders-4", "orders-5", "orders-6", "orders-7", "orders-0"]


async def test_p12_as_many_queues_as_said_are_kept(engine: RunningEngine, serve_variables: ServeVariables) -> None:
    process = await serve_variables(REDIS_URL=engine.url, QUEUE_CACHE_SIZE="3")
    client = Client(process.port)
    for number in range(10):
        await client.add(f"orders-{number}", {"name": "n", "data": {"n": number}})
    assert process.cached_queues == 3
    assert [(await client.job(f"orders-{number}", "1"))["data"]["n"] for number in range(10)] == [*range(10)]
    assert process.cached_queues == 3


async def test_p13_debug_logs_every_request(engine: RunningEngine, tmp_path: Path) -> None:
    variables = {"REDIS_URL": engine.url, "AUTH_TOKENS": TOKEN, "CORRAL_LOG_FORMAT": "proxy"}
    for debug in ("true", "1"):
        port = str(free_port())
        async with corral_serve(tmp_path, **variables, PORT=port, DEBUG=debug) as command:
            await command.line(lambda line: "Running BullMQ Proxy" in line)
            assert (await Client(int(port)).call("GET", "/workers?x=1")).status == 200
            assert (await Client(int(port)).call("GET", "/last")).status == 404
            await command.line(lambda line: "/last" in line)
        debugged = [line for line in command.lines if "][DBG] BullMQ Proxy: GET /workers 200 in " in line]
        assert len(debugged) == (debug == "true")
