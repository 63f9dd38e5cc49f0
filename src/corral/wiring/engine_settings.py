"""Settings of the engine: which one it is, and where."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from corral.wiring import parse
from corral.wiring.server_settings import ServerSettings
from corral.wiring.variables import settings_of

_server, _redis = settings_of("Server"), settings_of("Redis")
_postgres, _engine = settings_of("Postgres"), settings_of("Embedded engine")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings(ServerSettings):
    """Part of `Settings`."""

    chosen_engine: Literal["redis", "postgres", "embedded"] | None = _server(
        "CORRAL_ENGINE",
        parse.choice("redis", "postgres", "embedded"),
        None,
        "redis, postgres or embedded, where the settings name several.",
        flag="--engine",
    )

    redis_url: str | None = _redis(
        "REDIS_URL",
        parse.redis_url,
        None,
        "Redis, Valkey or Dragonfly; wins over host and port.",
        flag="--redis-url",
        secret=True,
    )
    redis_host: str | None = _redis("REDIS_HOST", parse.text, None, "Redis host (localhost when only the port is set).")
    redis_port: int | None = _redis("REDIS_PORT", parse.whole(1, 65535), None, "Redis port (6379).")
    redis_socket: str | None = _redis("REDIS_SOCKET", parse.text, None, "Path of the Redis unix socket.")
    redis_username: str | None = _redis("REDIS_USERNAME", parse.text, None, "Ignored when REDIS_URL is set.")
    redis_password: str | None = _redis(
        "REDIS_PASSWORD", parse.text, None, "Ignored when REDIS_URL is set.", secret=True
    )
    redis_tls: bool = _redis("REDIS_TLS", parse.literal_true, False, "TLS to Redis; only the word true switches it on.")
    redis_db: int = _redis("REDIS_DB", parse.whole(0), 0, "Redis database number. Ignored when REDIS_URL is set.")

    database_url: str | None = _postgres(
        "DATABASE_URL", parse.database_url, None, "Postgres, in place of Redis.", flag="--database-url", secret=True
    )
    schema: str = _postgres(
        "CORRAL_SCHEMA", parse.schema, "bullmq", "Schema of BullMQ's tables; corral's are beside it.", flag="--schema"
    )
    listen_url: str | None = _postgres(
        "CORRAL_LISTEN_URL", parse.database_url, None, "The same database past a pooler, to listen.", secret=True
    )
    prepared_statements: bool = _postgres(
        "CORRAL_PREPARED_STATEMENTS", parse.switch, True, "Prepare statements; false where a pooler forbids it."
    )
    pool_size: int = _postgres("CORRAL_POOL_SIZE", parse.whole(1, 1000), 10, "Most connections of a process.")
    migrate: bool = _postgres(
        "CORRAL_MIGRATE", parse.switch, False, "Bring the schema up to date.", flag="--migrate", is_switch=True
    )

    data_dir: Path = _engine(  # noqa: RUF009 - a Path never changes
        "CORRAL_DATA_DIR",
        parse.directory,
        Path(".corral"),
        "Folder of the embedded engine and the token.",
        flag="--data-dir",
    )
    durability: Literal["aof", "fsync"] = _engine(
        "CORRAL_DURABILITY",
        parse.choice("aof", "fsync"),
        "aof",
        "aof: a power cut may lose a second; fsync: nothing that was acknowledged.",
        flag="--durability",
    )
    engine_port: int | None = _engine(
        "CORRAL_ENGINE_PORT",
        parse.whole(1, 65535),
        None,
        "Also open the engine on this loopback port.",
        flag="--engine-port",
    )

    @property
    def engine(self) -> Literal["redis", "postgres", "embedded"]:
        """The one that was chosen, or that anything says where to find, else the one that corral brings along."""
        if self.chosen_engine is not None:
            return self.chosen_engine
        if self.database_url is not None:
            return "postgres"
        return "redis" if self.names_redis else "embedded"

    @property
    def names_redis(self) -> bool:
        """Whether anything says where a Redis is."""
        given = (self.redis_url, self.redis_host, self.redis_port, self.redis_socket)
        return any(part is not None for part in given)
