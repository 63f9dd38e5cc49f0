"""The process as an operator sees it: banner, log, signals, and Redis that comes late."""

import re
from datetime import UTC, datetime
from pathlib import Path

from corral.testing.engines import RunningEngine, free_port, start_engine
from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.command import corral_serve
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, hold, response

YEAR = datetime.now(UTC).year


async def test_p01_root_is_text_that_ends_in_the_banner(client: Client) -> None:
    reply = await client.call("GET", "/", token=None)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain;charset=utf-8")
    assert reply.text.splitlines()[-1] == f"BullMQ Proxy (c) {YEAR} Taskforce.sh Inc. v1.5.3"
    assert not reply.text.endswith("\n")


async def test_p02_start_line_has_the_port_and_no_line_has_a_token(engine: RunningEngine, tmp_path: Path) -> None:
    port = free_port()
    variables = {"REDIS_URL": engine.url, "AUTH_TOKENS": "s3cret", "CORRAL_LOG_FORMAT": "proxy"}
    async with corral_serve(tmp_path, PORT=str(port), DEBUG="true", **variables) as command:
        banner = rf"Running BullMQ Proxy on port {port} \(c\) {YEAR} Taskforce.sh Inc. v1.5.3"
        start = re.compile(rf"\[\d{{13}}\]\[INFO\] BullMQ Proxy: {banner}")
        await command.line(lambda line: start.fullmatch(line) is not None)
        client = Client(port, "s3cret")
        assert (await client.call("GET", "/workers")).status == 200
        assert (await client.call("GET", "/workers?token=s3cret", token="wr0ng")).status == 401
        assert (await client.call("GET", "/nowhere?token=s3cret", token="s3cret")).status == 404
        where = f"to path /workers from 127.0.0.1:{port}"
        await command.line(lambda line: line.endswith(f"Unauthorized request (invalid token) {where}"))
        await command.line(lambda line: f"Not found request to path /nowhere from 127.0.0.1:{port}" in line)
        command.terminate()
        assert await command.exit_code() == 0
    assert not [line for line in command.lines if "s3cret" in line or "wr0ng" in line]


async def test_p03_sigterm_lets_running_jobs_finish(
    engine: RunningEngine, endpoint: EndpointServer, tmp_path: Path, prefix: str, serve: Serve
) -> None:
    endpoint.script = hold
    variables = {"REDIS_URL": engine.url, "AUTH_TOKENS": TOKEN, "QUEUE_PREFIX": prefix}
    own = {"WORKER_METADATA_KEY": f"{prefix}:meta", "WORKER_METADATA_STREAM": f"{prefix}:stream"}
    async with corral_serve(tmp_path, **variables, **own, CORRAL_LOG_FORMAT="json") as command:
        client = Client(await command.port())
        await client.register("orders", endpoint.url)
        await client.add("orders", {"name": "running", "data": 1}, {"name": "waiting", "data": 1})
        call = await endpoint.next()
        command.terminate()
        await command.line(lambda line: "SIGTERM" in line)
        call.respond(response({"paid": True}))
        assert await command.exit_code() == 0
    later = Client((await serve(workers=False)).port)
    assert (await later.job("orders", "1"))["returnvalue"] == {"paid": True}
    assert await later.counts("orders", "waiting,active,completed") == {
        "waiting": 1,
        "active": 0,
        "completed": 1,
        "paused": 0,
    }


async def test_p03_sigterm_ends_it_also_while_redis_is_down(
    own_engine: RunningEngine, endpoint: EndpointServer, tmp_path: Path
) -> None:
    endpoint.script = hold
    variables = {"REDIS_URL": own_engine.url, "AUTH_TOKENS": TOKEN, "CORRAL_LOG_FORMAT": "json"}
    async with corral_serve(tmp_path, **variables, CORRAL_SHUTDOWN_TIMEOUT="0.5") as command:
        client = Client(await command.port())
        await client.register("orders", endpoint.url)
        await client.add("orders", {"name": "running", "data": 1})
        await endpoint.next()
        own_engine.kill()
        command.terminate()
        assert await command.exit_code() == 0


async def test_p04_waits_for_redis_and_then_serves(serve: Serve, endpoint: EndpointServer, tmp_path: Path) -> None:
    with start_engine(tmp_path / "engine", tcp=True) as engine:
        before = Client((await serve(engine.url)).port)
        await before.register("orders", endpoint.url)
        engine.stop()
        client = Client((await serve(engine.url)).port)
        health = await client.call("GET", "/health", token=None)
        assert (health.status, health.json()["status"]) == (200, "degraded")
        assert health.json()["engine"] == {"state": "unavailable"}
        assert (await client.call("GET", "/health/ready", token=None)).status == 503
        engine.restart()

        async def ready() -> bool:
            return (await client.call("GET", "/health/ready", token=None)).status == 200

        await until(ready)
        await client.add("orders", {"name": "late", "data": 1})
        assert (await endpoint.next()).job["name"] == "late"
