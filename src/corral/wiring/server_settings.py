"""Settings of the server: where it listens, whom it lets in, what it measures."""

from dataclasses import dataclass

from corral.policy.targets import LOOPBACK as LOOPBACK_TARGETS
from corral.policy.targets import Allowed, allowed_of
from corral.wiring import parse
from corral.wiring.variables import settings_of

ALL_INTERFACES = "*"
LOOPBACK = "127.0.0.1"

_server, _metrics, _applications = settings_of("Server"), settings_of("Metrics"), settings_of("Applications")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """Part of `Settings`."""

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
