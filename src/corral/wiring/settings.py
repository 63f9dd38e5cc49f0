"""Every setting of corral: its name, variable, default and meaning. `sources` finds the values."""

from dataclasses import dataclass, fields
from typing import Literal
from urllib.parse import unquote, urlsplit

from corral.wiring import parse
from corral.wiring.engine_settings import EngineSettings
from corral.wiring.variables import Variable, settings_of

_queues, _workers, _logs = settings_of("Queues"), settings_of("Workers"), settings_of("Logs")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(EngineSettings):
    """One process's settings, checked and complete. Durations are milliseconds unless said."""

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
