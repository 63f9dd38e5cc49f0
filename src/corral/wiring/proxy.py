"""corral inside another program, under the two call shapes of bullmq-proxy's `startProxy`."""

import os
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, overload

from corral import __version__
from corral.observe import log, setup
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection
from corral.wiring.connection_url import is_postgres, url_of
from corral.wiring.engine import engine_of
from corral.wiring.process import Process
from corral.wiring.server_settings import ALL_INTERFACES, LOOPBACK
from corral.wiring.settings import Settings
from corral.wiring.sources import Resolved, Source, load

ANSWER_SECONDS = 10.0


@overload
async def start_proxy(
    port: int, connection: object, workers_connection: object = None, opts: Mapping[str, Any] | None = None
) -> Process: ...


@overload
async def start_proxy(connection: object, auth_keys: Iterable[str], /) -> Process: ...


async def start_proxy(*args: Any, **kwargs: Any) -> Process:
    """Serve the queues of a Redis or Postgres; returns the running server, with its `port` and `await stop()`.

    `connection` is a URL of either, or for Redis a dict of options or a redis-py client, which is only read. The
    rest comes from the variables that `corral serve` reads; `auth_keys` take the place of AUTH_TOKENS, and `opts`
    holds fields of `Settings`, or `skipInitWorkers`. Raises `BadSettings`, or OSError when the port is taken.
    """
    if "port" in kwargs or (args and isinstance(args[0], int)):
        settings = _by_port(*args, **kwargs)
    else:
        settings = _by_keys(*args, **kwargs)
    if log.voice.logger is None:
        setup.configure(settings.log_format, settings.log_level, secrets=settings.secrets)
    process = Process(settings)
    await process.start()
    url = f"http://{settings.host}:{process.port}"
    log.listening(url, process.port, version=__version__, year=datetime.now(UTC).year)
    return process


async def clean_proxy(connection: object) -> None:
    """Forget every registered worker: deletes their records and, on Redis, the stream of changes.

    Raises `StoreUnavailable` when the engine does not answer within 10 seconds.
    """
    settings = _resolve(connection).settings
    if settings.engine == "postgres":
        await _clean_postgres(settings)
        return
    redis = Connection(Address.from_url(url_of(connection)), name="corral")
    redis.start()
    try:
        await redis.ready(ANSWER_SECONDS)
        # One by one: in a cluster the two may live in different places.
        await redis.send("DEL", settings.worker_metadata_key)
        await redis.send("DEL", settings.worker_metadata_stream)
    finally:
        await redis.close()


async def _clean_postgres(settings: Settings) -> None:
    engine = engine_of(settings)
    store = await engine.start()
    try:
        await store.ready(ANSWER_SECONDS)
        for queue in await store.registry.all():
            await store.registry.remove(queue)
    finally:
        await engine.stop()


def _by_port(
    port: int, connection: object, workers_connection: object = None, opts: Mapping[str, Any] | None = None
) -> Settings:
    if workers_connection is not None and _place(workers_connection) != _place(connection):
        raise ValueError("workers_connection must lead to the same place as connection: jobs and workers meet there")
    wanted = dict(opts or {})
    if wanted.pop("skipInitWorkers", wanted.pop("skip_init_workers", False)):
        wanted["workers"] = False
    settings = _resolve(connection, port=str(port)).settings
    return replace(settings, **(wanted | {"processes": 1}))


def _by_keys(connection: object, auth_keys: Iterable[str]) -> Settings:
    if isinstance(auth_keys, str):
        raise TypeError("auth_keys is a list of keys, not one string")
    keys = tuple(key for key in auth_keys if key)
    resolved = _resolve(connection)
    host = resolved.settings.host
    if resolved.origins["host"] in (Source.DEFAULT, Source.DEFAULT_WITH_TOKEN):
        host = ALL_INTERFACES if keys else LOOPBACK
    return replace(resolved.settings, auth_tokens=keys, host=host, processes=1)


def _resolve(connection: object, **flags: str) -> Resolved:
    url = url_of(connection)
    if is_postgres(url):
        chosen = {"database_url": url, "chosen_engine": "postgres"}
    else:
        chosen = {"redis_url": url, "chosen_engine": "redis"}
    return load(chosen | flags, os.environ, Path.cwd())


def _place(connection: object) -> tuple[object, ...]:
    url = url_of(connection)
    if is_postgres(url):
        return (url,)
    address = Address.from_url(url)
    return address.host, address.port, address.path, address.db
