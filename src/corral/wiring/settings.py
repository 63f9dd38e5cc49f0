"""Every setting of corral: its name, variable, default and meaning. `sources` finds the values."""

from collections.abc import Callable
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from corral.policy.targets import LOOPBACK as LOOPBACK_TARGETS
from corral.policy.targets import Allowed, allowed_of
from corral.wiring import parse

ALL_INTERFACES = "*"
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Variable:
    """How a setting is given: its environment variables (the first leads), its flag, its parser."""

    names: tuple[str, ...]
    parse: Callable[[str], Any]
    help: str
    group: str
    flag: str | None = None
    secret: bool = False
    is_switch: bool = False
    """The flag alone switches it on; others are followed by a value."""


def _of(group: str) -> Callable[..., Any]:
    def setting(name: str, parser: Callable[[str], Any], default: Any, help: str, **more: Any) -> Any:
        names = (name, *more.pop("also", ()))
        return field(default=default, metadata={"variable": Variable(names, parser, help, group, **more)})

    return setting


_server, _redis, _queues, _workers = _of("Server"), _of("Redis"), _of("Queues"), _of("Workers")
_applications, _metrics = _of("Applications"), _of("Metrics")
_postgres, _engine, _logs = _of("Postgres"), _of("Embedded engine"), _of("Logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """One process's settings, checked and complete. Durations are milliseconds unless said."""

    host: str = _server("HOST", parse.text, LOOPBACK, "Address to listen on; * is all interfaces.", flag="--host")
    port: int = _server("PORT", parse.whole(0, 65535), 8080, "Port to listen on; 0 takes a free one.", flag="--port")
    auth_tokens: tuple[str, ...] = _server(
        "AUTH_TOKENS",
        parse.tokens,
        (),
        "Bearer tokens that are accepted, separated by commas.",
        also=("AUTH_KEYS",),
        secret=True,
    )
    processes: int = _server(
        "CORRAL_PROCESSES", parse.whole(1, 256), 1, "Server processes that share the port.", flag="--processes"
    )
    body_limit: int = _server(
        "CORRAL_BODY_LIMIT", parse.size, 10_000_000, "Largest request body: bytes, or 10mb, 10MiB.", flag="--body-limit"
    )
    compression: bool = _server(
        "CORRAL_COMPRESSION", parse.switch, True, "Offer permessage-deflate to WebSockets.", flag="--compression"
    )
    shutdown_timeout: float = _server(
        "CORRAL_SHUTDOWN_TIMEOUT", parse.seconds, 30.0, "Seconds that running jobs may take.", flag="--shutdown-timeout"
    )

    prometheus: bool = _metrics(
        "ENABLE_PROMETHEUS_METRICS", parse.switch, False, "Answer Prometheus on a port of its own, without a token."
    )
    metrics_port: int = _metrics("METRICS_PORT", parse.whole(0, 65535), 3004, "That port; 0 takes a free one.")
    metrics_public: bool = _metrics(
        "CORRAL_METRICS_PUBLIC", parse.switch, False, "Answer /metrics of the server's own port without a token too."
    )
    traces: bool = _metrics(
        "CORRAL_TRACES", parse.switch, False, "Make spans by OpenTelemetry; needs corral[otel] and an SDK."
    )

    master_api_key: str | None = _applications(
        "MASTER_API_KEY", parse.text, None, "One more token of the operator; makes applications.", secret=True
    )
    api_key_header: str = _applications("API_KEY_HEADER", parse.header, "x-api-key", "Header that may carry a key.")
    checks_keys: bool = _applications(
        "ENABLE_API_KEY_AUTH", parse.switch, True, "Ask for a key on /api; if not, all are the application default."
    )
    schedules_open: bool = _applications("CORRAL_SCHEDULES_OPEN", parse.switch, False, "/api/schedules needs no key.")
    rate_limit_window_ms: int = _applications(
        "RATE_LIMIT_WINDOW_MS", parse.whole(100, 86_400_000), 60_000, "Milliseconds in which requests are counted."
    )
    rate_limit_max_requests: int = _applications(
        "RATE_LIMIT_MAX_REQUESTS", parse.whole(0), 100, "Requests to /api per key in that time; 0 is no limit."
    )
    given_targets: Allowed | None = _applications(  # noqa: RUF009 - it never changes
        "CORRAL_ALLOW_TARGETS", parse.targets, None, "Networks and hosts that webhooks may call beside public ones."
    )
    rate_limit_everywhere: bool = _applications(
        "CORRAL_RATE_LIMIT_EVERYWHERE", parse.switch, False, "Count requests to all other routes as well."
    )
    default_job_attempts: int = _applications(
        "DEFAULT_JOB_ATTEMPTS", parse.whole(1, 1_000_000), 3, "Attempts of a job submitted under /api."
    )
    default_job_backoff_delay: int = _applications(
        "DEFAULT_JOB_BACKOFF_DELAY", parse.whole(0), 1000, "Milliseconds before its second attempt, then doubled."
    )
    remove_completed_jobs_after: int = _applications(
        "REMOVE_COMPLETED_JOBS_AFTER", parse.whole(0), 3600, "Seconds that it stays when completed."
    )
    remove_failed_jobs_after: int = _applications(
        "REMOVE_FAILED_JOBS_AFTER", parse.whole(0), 86_400, "Seconds that it stays when failed."
    )
    outside_lock: int = _applications(
        "CORRAL_OUTSIDE_LOCK", parse.whole(1000), 1_800_000, "Milliseconds that a worker under /api may say nothing."
    )

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

    queue_prefix: str = _queues("QUEUE_PREFIX", parse.text, "bull", "Leads every Redis key.", flag="--queue-prefix")
    queue_cache_size: int = _queues("QUEUE_CACHE_SIZE", parse.whole(1), 100, "Queues kept open.")
    min_queue_name_length: int = _queues("MIN_QUEUE_NAME_LENGTH", parse.whole(0), 3, "Shortest queue name.")
    max_queue_name_length: int = _queues("MAX_QUEUE_NAME_LENGTH", parse.whole(1), 100, "Longest queue name.")

    worker_metadata_key: str = _workers(
        "WORKER_METADATA_KEY", parse.text, "bmqp:w:meta", "Redis hash of registered endpoints."
    )
    # "bmpq" has its letters swapped in bullmq-proxy too; instances of both must meet on one stream.
    worker_metadata_stream: str = _workers(
        "WORKER_METADATA_STREAM", parse.text, "bmpq:w:stream", "Redis stream of changes to them."
    )
    max_len_worker_metadata_stream: int = _workers(
        "MAX_LEN_WORKER_METADATA_STREAM", parse.whole(1), 100, "Changes that the stream keeps."
    )
    lock_duration: int = _workers(
        "CORRAL_LOCK_DURATION",
        parse.whole(100),
        30_000,
        "Milliseconds that a worker holds a job.",
        flag="--lock-duration",
    )
    stalled_interval: int = _workers(
        "CORRAL_STALLED_INTERVAL",
        parse.whole(100),
        30_000,
        "Milliseconds between looks for stalled jobs.",
        flag="--stalled-interval",
    )
    metrics_points: int = _workers(
        "CORRAL_METRICS_POINTS",
        parse.whole(0, 100_000),
        1440,
        "Minutes for which ended jobs are counted per queue; 0 counts none.",
        flag="--metrics-points",
    )
    worker_timeout: float = _workers(
        "CORRAL_WORKER_TIMEOUT", parse.seconds, 15.0, "Seconds that a WebSocket client has for each job."
    )

    debug: bool = _logs("DEBUG", parse.literal_true, False, "Log level debug; only the word true switches it on.")
    log_format: Literal["console", "json", "proxy"] = _logs(
        "CORRAL_LOG_FORMAT",
        parse.choice("console", "json", "proxy"),
        "console",
        "console, json, or proxy (the lines of bullmq-proxy).",
        flag="--log-format",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _logs(
        "CORRAL_LOG_LEVEL",
        parse.choice("debug", "info", "warning", "error", warn="warning"),
        "info",
        "debug, info, warning or error.",
        flag="--log-level",
    )

    child: int | None = None
    """Which of several processes this is; None in the only one and in the parent of several."""
    workers: bool = True
    """Whether registered endpoints are worked at all."""

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

    @property
    def allowed_targets(self) -> Allowed:
        """What webhooks may call that is not public; a server that only this machine reaches may call this machine."""
        if self.given_targets is not None:
            return self.given_targets
        return allowed_of(LOOPBACK_TARGETS) if parse.is_loopback(self.host) else Allowed()

    @property
    def bind_host(self) -> str:
        """The host as the server takes it: empty for all interfaces."""
        return "" if self.host == ALL_INTERFACES else self.host.strip("[]")

    @property
    def secrets(self) -> tuple[str, ...]:
        """What must never be written to a log."""
        urls = [url for url in (self.redis_url, self.database_url, self.listen_url) if url]
        passwords = [password for url in urls if (password := urlsplit(url).password)]
        given = (
            *self.auth_tokens,
            self.master_api_key,
            self.redis_password,
            *urls,
            *passwords,
            *map(unquote, passwords),
        )
        return tuple(secret for secret in given if secret)

    @property
    def runs_workers(self) -> bool:
        """Of several processes only the first works registered endpoints."""
        return self.workers and self.child in (None, 0)

    @property
    def is_parent(self) -> bool:
        """This process starts the others and serves nothing itself."""
        return self.processes > 1 and self.child is None


VARIABLES: dict[str, Variable] = {
    each.name: each.metadata["variable"] for each in fields(Settings) if "variable" in each.metadata
}
"""Every setting by its name in `Settings`, in the order in which it is shown."""
