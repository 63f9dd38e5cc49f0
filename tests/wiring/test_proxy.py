import asyncio
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

import corral
from corral.testing.engines import RunningEngine, start_engine
from corral.wiring.process import Process
from corral.wiring.settings import VARIABLES

RECORD = {"queue": "my-queue", "endpoint": {"url": "http://127.0.0.1:9/", "method": "POST"}}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("engine")) as engine:
        yield engine


@pytest.fixture(autouse=True)
def _plain(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No variable and no `.env` file of this machine."""
    monkeypatch.chdir(tmp_path)
    for variable in VARIABLES.values():
        for name in variable.names:
            monkeypatch.delenv(name, raising=False)


async def ask(server: Process, path: str, token: str, body: Any = None) -> tuple[int, bytes]:
    def call() -> tuple[int, bytes]:
        data = None if body is None else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {token}"}
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}{path}", data, headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as reply:
                return reply.status, reply.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    return await asyncio.to_thread(call)


async def test_P78_by_port_and_connection(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_TOKENS", "t")
    server = await corral.start_proxy(0, {"path": engine.socket_path})
    try:
        assert server.port > 0
        status, body = await ask(server, "/queues/my-queue/jobs", "t", [{"name": "a", "data": {"x": 1}}])
        assert status == 200
        assert json.loads(body)[0]["data"] == {"x": 1}
    finally:
        await server.stop()


async def test_P78_by_connection_and_keys(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_TOKENS", "not-this-one")
    monkeypatch.setenv("PORT", "0")
    with redis.Redis(unix_socket_path=str(engine.socket_path)) as client:
        server = await corral.start_proxy(client, ["key-1", "key-2"])
    try:
        statuses = [(await ask(server, "/workers", key))[0] for key in ("key-1", "key-2", "not-this-one", "")]
        assert statuses == [200, 200, 401, 401]
    finally:
        await server.stop()


async def test_P78_without_any_key_everything_is_refused(engine: RunningEngine) -> None:
    server = await corral.start_proxy(port=0, connection=engine.url, workers_connection=engine.url)
    try:
        assert (await ask(server, "/workers", "anything"))[0] == 401
    finally:
        await server.stop()


async def test_P78_clean_proxy_forgets_the_workers(engine: RunningEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTH_TOKENS", "t")
    server = await corral.start_proxy(0, engine.url, None, {"skipInitWorkers": True})
    try:
        assert await ask(server, "/workers", "t", RECORD) == (200, b"OK")
        await corral.clean_proxy(engine.url)
        assert await ask(server, "/workers", "t") == (200, b"{}")
        with redis.Redis(unix_socket_path=str(engine.socket_path)) as client:
            assert client.exists("bmqp:w:meta", "bmpq:w:stream") == 0
    finally:
        await server.stop()


async def test_workers_on_another_redis_are_refused(engine: RunningEngine) -> None:
    with pytest.raises(ValueError, match="same place"):
        await corral.start_proxy(0, engine.url, "redis://127.0.0.1:1")


async def test_one_string_is_no_list_of_keys(engine: RunningEngine) -> None:
    with pytest.raises(TypeError, match="list"):
        await corral.start_proxy(engine.url, "key")


def test_both_are_exported_without_being_imported_at_once() -> None:
    assert {"start_proxy", "clean_proxy"} <= set(corral.__all__)
    with pytest.raises(AttributeError):
        _ = corral.start_proxi  # type: ignore[attr-defined]
