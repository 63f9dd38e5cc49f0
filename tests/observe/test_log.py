import inspect
import io
from collections.abc import Iterator

import msgspec
import pytest

from corral.observe import log, setup
from corral.observe.voice import Voice

AT = 1_795_308_739.078


@pytest.fixture(autouse=True)
def _own_voice() -> Iterator[None]:
    """A voice of its own for every test: limits start anew and no stream is kept."""
    kept, log.voice = log.voice, Voice()
    yield
    log.voice = kept


def listen_in(format: str, level: str = "info", *secrets: str) -> io.StringIO:
    out = io.StringIO()
    setup.configure(format, level, secrets=secrets, stream=out, clock=lambda: AT)
    return out


def test_P02_the_start_line_of_the_original_with_the_port() -> None:
    out = listen_in("proxy")
    log.listening("http://127.0.0.1:8080", 8080, version="0.1.0", year=2026)
    line = "Running BullMQ Proxy on port 8080 (c) 2026 Taskforce.sh Inc. v1.5.3"
    assert out.getvalue() == f"[1795308739078][INFO] BullMQ Proxy: {line}\n"


def test_the_start_line_of_corral_names_address_and_port() -> None:
    out = listen_in("console")
    log.listening("http://127.0.0.1:8080", 8080, version="0.1.0", year=2026)
    assert "info    corral 0.1.0 listening on http://127.0.0.1:8080" in out.getvalue()


def test_the_lines_of_the_original_keep_their_words() -> None:
    out = listen_in("proxy")
    log.engine_connected("Redis", "localhost:6379")
    log.not_found("/nowhere?token=abc", "localhost:8080")
    log.unauthorized("missing token", "/queues/q/jobs", "10.0.0.1")
    log.queue_connected("q")
    log.worker_connected("q", 20)
    log.events_connected("q", ["waiting", "active"])
    log.subscribing("waiting", "q")
    log.socket_closed("queue events", "q", 1000)
    assert [line.partition("BullMQ Proxy: ")[2] for line in out.getvalue().splitlines()] == [
        "Connected to Redis at localhost:6379",
        "Not found request to path /nowhere from localhost:8080",
        "Unauthorized request (missing token) to path /queues/q/jobs from 10.0.0.1",
        "Queue connected for queue q",
        "Worker connected for queue q with concurrency 20",
        "Queue events connected for queue q with events waiting,active",
        "Subscribing to event: waiting, for queue: q",
        "WebSocket closed for queue events (q) with code 1000",
    ]


def test_json_lines_have_the_sentence_and_its_parts() -> None:
    out = listen_in("json")
    log.worker_connected("q", 20)
    line = msgspec.json.decode(out.getvalue())
    assert list(line)[:3] == ["time", "level", "event"]
    assert (line["level"], line["event"], line["queue"], line["concurrency"]) == (
        "info",
        "worker-connected",
        "q",
        20,
    )
    assert line["message"] == "Worker connected for queue q with concurrency 20"


@pytest.mark.parametrize("format", ["console", "json", "proxy"])
def test_P02_no_token_is_written_wherever_it_stands(format: str) -> None:
    out = listen_in(format, "debug", "s3cret", "8080")
    log.unexpected("a test", ValueError("refused s3cret, s3cret"))
    log.unauthorized("invalid token", "/queues/s3cret?token=s3cret", "s3cret")
    log.request_served("GET", "/s3cret", 200, 0.001)
    log.listening("http://127.0.0.1:18080", 18080, version="0.1.0", year=2026)
    assert "s3cret" not in out.getvalue()
    assert "18080" in out.getvalue()


def test_P13_debug_lines_come_at_level_debug_only() -> None:
    quiet = listen_in("console", "info")
    log.job_failed("q", "1", "boom")
    loud = listen_in("console", "debug")
    log.job_failed("q", "1", "boom")
    assert quiet.getvalue() == ""
    assert "Job 1 of queue q failed: boom" in loud.getvalue()


def test_a_higher_level_silences_the_lower_ones() -> None:
    out = listen_in("console", "error")
    log.queue_connected("q")
    log.eviction_policy("allkeys-lru")
    assert out.getvalue() == ""


def test_trouble_with_the_engine_is_two_lines_a_second_in_all() -> None:
    out = listen_in("console")
    for _ in range(100):
        log.engine_lost("Redis", "localhost:6379", "refused")
        log.request_failed("POST", "/queues/q/jobs", ConnectionError("away"))
        log.engine_event("restart-failed", {"error": OSError("no")})
    assert len(out.getvalue().splitlines()) == 2


def test_what_callers_send_cannot_draw_on_the_terminal_or_forge_lines() -> None:
    out = listen_in("console")
    log.not_found("/a\x1b[2J\n12:00:00 info forged", "\u2028x")
    assert len(out.getvalue().splitlines()) == 1
    assert "\x1b" not in out.getvalue()


@pytest.mark.parametrize("format", ["console", "json", "proxy"])
def test_half_a_surrogate_pair_does_no_harm(format: str) -> None:
    out = listen_in(format)
    log.queue_connected("q\ud800")
    assert "Queue connected for queue q?" in out.getvalue()


def test_a_log_whose_reader_has_gone_is_no_error() -> None:
    out = listen_in("console")
    out.close()
    log.queue_connected("q")


def test_the_url_of_an_endpoint_is_shown_without_its_secrets() -> None:
    out = listen_in("console")
    log.worker_started("q", "https://user:pass@example.com/run?key=abc")
    assert "https://example.com/run\n" in out.getvalue()


@pytest.mark.parametrize(
    "event",
    ["started", "attached", "waiting", "loading", "orphan", "died", "restart-failed", "stopped", "new"],
)
def test_every_event_of_the_embedded_engine_has_a_line(event: str) -> None:
    out = listen_in("json")
    detail = {"pid": 7, "percent": 4.5, "code": -9, "error": OSError("no"), "seconds": 0.1, "eta_seconds": 3}
    log.engine_event(event, detail)
    assert msgspec.json.decode(out.getvalue())["event"] == f"engine-{event}"


def test_nothing_is_written_before_the_log_is_set_up() -> None:
    for name, function in inspect.getmembers(log, inspect.isfunction):
        if function.__module__ == log.__name__ and not name.startswith("_"):
            _call(function)


def _call(function: object) -> None:
    assert callable(function)
    samples = {
        "pid": 1,
        "code": 1,
        "port": 1,
        "detail": {"pid": 1},
        "why": ValueError("x"),
        "error": ValueError("x"),
    }
    samples |= {"again_in": 1.0, "seconds": 1.0, "year": 2026, "events": ["a"], "url": "http://x/"}
    parameters = inspect.signature(function).parameters
    function(**{name: samples.get(name, "x") for name in parameters})
