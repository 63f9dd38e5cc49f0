import pickle
from collections.abc import Mapping
from pathlib import Path

import pytest

from corral.wiring.address import address_of
from corral.wiring.settings import VARIABLES, Settings
from corral.wiring.sources import BadSettings, Resolved, load


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def of(environ: Mapping[str, str], flags: Mapping[str, str] | None = None, folder: Path = Path("/nowhere")) -> Settings:
    return load(flags or {}, environ, folder).settings


def problems_of(environ: Mapping[str, str], flags: Mapping[str, str] | None = None) -> list[str]:
    with pytest.raises(BadSettings) as bad:
        of(environ, flags)
    return bad.value.problems


def test_defaults_are_those_of_the_original() -> None:
    settings = of({})
    assert (settings.port, settings.queue_prefix, settings.queue_cache_size) == (8080, "bull", 100)
    assert (settings.min_queue_name_length, settings.max_queue_name_length) == (3, 100)
    assert settings.worker_metadata_key == "bmqp:w:meta"
    assert settings.worker_metadata_stream == "bmpq:w:stream"
    assert settings.max_len_worker_metadata_stream == 100
    assert (settings.debug, settings.redis_tls, settings.auth_tokens) == (False, False, ())


def test_defaults_of_corrals_own() -> None:
    settings = of({})
    assert (settings.data_dir, settings.durability, settings.engine_port) == (Path(".corral"), "aof", None)
    assert (settings.lock_duration, settings.stalled_interval) == (30_000, 30_000)
    assert (settings.shutdown_timeout, settings.body_limit, settings.compression) == (30.0, 10_000_000, True)
    assert (settings.processes, settings.host) == (1, "127.0.0.1")


def test_every_variable_is_read() -> None:
    samples = {
        "HOST": "0.0.0.0", "PORT": "9", "AUTH_TOKENS": "a", "CORRAL_PROCESSES": "2",
        "CORRAL_BODY_LIMIT": "5kb", "CORRAL_COMPRESSION": "false", "CORRAL_SHUTDOWN_TIMEOUT": "2.5",
        "REDIS_URL": "redis://r", "REDIS_HOST": "r", "REDIS_PORT": "7", "REDIS_SOCKET": "/s",
        "REDIS_USERNAME": "u", "REDIS_PASSWORD": "p", "REDIS_TLS": "true", "REDIS_DB": "3",
        "CORRAL_DATA_DIR": "/d", "CORRAL_DURABILITY": "fsync", "CORRAL_ENGINE_PORT": "8",
        "QUEUE_PREFIX": "{b}", "QUEUE_CACHE_SIZE": "4", "MIN_QUEUE_NAME_LENGTH": "1",
        "MAX_QUEUE_NAME_LENGTH": "5", "WORKER_METADATA_KEY": "k", "WORKER_METADATA_STREAM": "s",
        "MAX_LEN_WORKER_METADATA_STREAM": "6", "CORRAL_LOCK_DURATION": "700",
        "CORRAL_STALLED_INTERVAL": "800", "CORRAL_METRICS_POINTS": "0", "CORRAL_WORKER_TIMEOUT": "9",
        "CORRAL_ENGINE": "postgres", "DATABASE_URL": "postgres://d/d", "CORRAL_SCHEMA": "jobs",
        "CORRAL_LISTEN_URL": "postgres://l/d", "CORRAL_PREPARED_STATEMENTS": "false", "CORRAL_POOL_SIZE": "3",
        "CORRAL_MIGRATE": "true",
        "MASTER_API_KEY": "m", "API_KEY_HEADER": "x-key", "ENABLE_API_KEY_AUTH": "false",
        "RATE_LIMIT_WINDOW_MS": "1000", "RATE_LIMIT_MAX_REQUESTS": "7", "CORRAL_RATE_LIMIT_EVERYWHERE": "true",
        "CORRAL_ALLOW_TARGETS": "10.0.0.0/8,hooks.local", "CORRAL_OUTSIDE_LOCK": "9000",
        "DEFAULT_JOB_ATTEMPTS": "2", "DEFAULT_JOB_BACKOFF_DELAY": "5", "REMOVE_COMPLETED_JOBS_AFTER": "6",
        "REMOVE_FAILED_JOBS_AFTER": "7", "ENABLE_PROMETHEUS_METRICS": "true", "METRICS_PORT": "9100",
        "CORRAL_METRICS_PUBLIC": "true", "CORRAL_TRACES": "true", "CORRAL_SCHEDULES_OPEN": "true",
        "DEBUG": "true", "CORRAL_LOG_FORMAT": "proxy", "CORRAL_LOG_LEVEL": "warn",
    }  # fmt: skip
    assert {variable.names[0] for variable in VARIABLES.values()} == set(samples)
    resolved = load({}, samples, Path("/nowhere"))
    assert set(resolved.origins.values()) == {"environment"}
    unset, given = Settings(), resolved.settings
    assert all(getattr(given, field) != getattr(unset, field) for field in VARIABLES)


def test_P07_tokens_are_the_union_of_both_variables_trimmed() -> None:
    settings = of({"AUTH_TOKENS": " one, two ,,", "AUTH_KEYS": "two,three "})
    assert settings.auth_tokens == ("one", "two", "three")


def test_P10_metadata_key_and_stream_are_independent() -> None:
    assert of({"WORKER_METADATA_KEY": "k"}).worker_metadata_stream == "bmpq:w:stream"
    assert of({"WORKER_METADATA_STREAM": "s"}).worker_metadata_key == "bmqp:w:meta"


@pytest.mark.parametrize("text", ["1", "yes", "TRUE", "True", "app:*"])
def test_only_the_word_true_switches_the_originals_switches_on(text: str) -> None:
    settings = of({"DEBUG": text, "REDIS_TLS": text, "REDIS_HOST": "r"})
    assert not settings.debug
    assert not settings.redis_tls


def test_P13_debug_sets_the_log_level_unless_one_is_given() -> None:
    assert of({"DEBUG": "true"}).log_level == "debug"
    assert of({"DEBUG": "true", "CORRAL_LOG_LEVEL": "error"}).log_level == "error"


def test_flags_win_over_the_environment_and_that_over_the_file(folder: Path) -> None:
    (folder / ".env").write_text("PORT=1\nQUEUE_PREFIX='from file'\nexport REDIS_HOST=filehost\nDEBUG\n")
    resolved = load({"port": "3"}, {"PORT": "2", "REDIS_HOST": "envhost"}, folder)
    settings, origins = resolved.settings, resolved.origins
    assert (settings.port, settings.redis_host, settings.queue_prefix) == (3, "envhost", "from file")
    assert (origins["port"], origins["redis_host"], origins["queue_prefix"], origins["debug"]) == (
        "flag", "environment", ".env file", "default",
    )  # fmt: skip


def test_the_second_name_shows_in_the_origin() -> None:
    resolved = load({}, {"AUTH_TOKENS": "a", "AUTH_KEYS": "b"}, Path("/nowhere"))
    assert resolved.origins["auth_tokens"] == "environment, environment AUTH_KEYS"


def test_an_empty_variable_counts_as_unset(folder: Path) -> None:
    (folder / ".env").write_text("QUEUE_PREFIX=file\nREDIS_HOST=\n")
    settings = of({"PORT": "", "AUTH_TOKENS": "", "QUEUE_PREFIX": "", "REDIS_URL": ""}, folder=folder)
    assert (settings.port, settings.queue_prefix, settings.engine) == (8080, "file", "embedded")


def test_a_password_in_the_file_is_taken_as_it_stands(folder: Path) -> None:
    (folder / ".env").write_text("REDIS_PASSWORD='a${HOME}b'\nREDIS_HOST=r")
    assert of({}, folder=folder).redis_password == "a${HOME}b"


def test_a_file_that_is_no_text_is_a_problem_not_a_crash(folder: Path) -> None:
    (folder / ".env").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadSettings, match="cannot be read"):
        of({}, folder=folder)


@pytest.mark.parametrize("name", ["REDIS_URL", "REDIS_HOST", "REDIS_PORT", "REDIS_SOCKET"])
def test_anything_that_says_where_redis_is_picks_redis(name: str) -> None:
    sample = {"REDIS_URL": "redis://r", "REDIS_PORT": "6380"}.get(name, "/r")
    assert of({name: sample}).engine == "redis"
    assert of({}).engine == "embedded"


def test_P05_the_url_wins_over_the_single_variables() -> None:
    address = address_of(of({"REDIS_URL": "rediss://u:p%40@r:7/2", "REDIS_HOST": "x", "REDIS_PASSWORD": "y"}))
    assert (address.host, address.port, address.db, address.tls) == ("r", 7, 2, True)
    assert (address.username, address.password) == ("u", "p@")


def test_P06_the_single_variables() -> None:
    environ = {
        "REDIS_PORT": "7",
        "REDIS_USERNAME": "u",
        "REDIS_PASSWORD": "p",
        "REDIS_TLS": "true",
        "REDIS_DB": "2",
    }
    address = address_of(of(environ))
    assert (address.host, address.port, address.db, address.tls) == ("localhost", 7, 2, True)
    assert (address.username, address.password) == ("u", "p")
    assert address_of(of({"REDIS_SOCKET": "/run/redis.sock"})).path == "/run/redis.sock"


def test_the_host_is_public_only_with_a_token() -> None:
    assert of({}).host == "127.0.0.1"
    assert of({"AUTH_KEYS": "k"}).host == "*"
    assert of({"AUTH_KEYS": "k", "HOST": "127.0.0.1"}).host == "127.0.0.1"
    assert of({"AUTH_KEYS": "k"}).bind_host == ""


def test_a_terminal_gets_the_console_format() -> None:
    formats = [load({}, {}, Path("/nowhere"), terminal=each).settings.log_format for each in (True, False)]
    assert formats == ["console", "json"]


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("1", 1),
        ("10mb", 10_000_000),
        ("10 MB", 10_000_000),
        ("10MiB", 10_485_760),
        ("1.5kib", 1536),
        ("2gb", 2 * 10**9),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert of({"CORRAL_BODY_LIMIT": text}).body_limit == size


def test_each_bad_value_has_one_line_with_name_value_and_what_is_allowed() -> None:
    environ = {
        "PORT": "80a", "CORRAL_BODY_LIMIT": "10 apples", "CORRAL_LOG_FORMAT": "xml",
        "CORRAL_COMPRESSION": "maybe", "CORRAL_SHUTDOWN_TIMEOUT": "-1", "CORRAL_LOCK_DURATION": "5",
        "REDIS_DB": "x",
    }  # fmt: skip
    problems = problems_of(environ, {"processes": "0"})
    assert sorted(line.partition(":")[0] for line in problems) == sorted([*environ, "--processes"])
    assert 'PORT: "80a" is not valid; allowed: a whole number from 0 to 65535' in problems
    assert 'CORRAL_LOG_FORMAT: "xml" is not valid; allowed: console, json or proxy' in problems


@pytest.mark.parametrize("text", ["65536", "-1", "1e3", "0x50", "\uff18\uff10", "80 80", "9" * 5000])
def test_ports_that_are_none(text: str) -> None:
    assert len(problems_of({"PORT": text})) == 1


@pytest.mark.parametrize("url", ["http://u:hush@r", "redis://u:hush@r:port", "redis://u:hush#@r", "hush"])
def test_a_bad_url_is_reported_without_its_password(url: str) -> None:
    (problem,) = problems_of({"REDIS_URL": url})
    assert "hush" not in problem
    assert "redis://" in problem


def test_a_bad_token_is_reported_without_the_token() -> None:
    (problem,) = problems_of({"AUTH_TOKENS": "hush\u00fc"})
    assert "hush" not in problem


def test_name_lengths_must_fit_together() -> None:
    (problem,) = problems_of({"MIN_QUEUE_NAME_LENGTH": "5", "MAX_QUEUE_NAME_LENGTH": "4"})
    assert "MIN_QUEUE_NAME_LENGTH" in problem


URL = "postgres://u:hush@db:5433/x?sslmode=require"


@pytest.mark.parametrize("url", [URL, "postgresql://db/x", "postgres:///x?host=/run/postgresql"])
def test_a_database_url_picks_postgres(url: str) -> None:
    settings = of({"DATABASE_URL": url})
    assert (settings.engine, settings.database_url, settings.schema) == ("postgres", url, "bullmq")
    assert (settings.prepared_statements, settings.pool_size, settings.migrate) == (True, 10, False)


@pytest.mark.parametrize("name", ["DATABASE_URL", "CORRAL_LISTEN_URL"])
@pytest.mark.parametrize("url", ["mysql://u:hush@db/x", "postgres://u:hush@db:port/x", "postgres://u:hush#@db", "hush"])
def test_a_bad_database_url_is_reported_without_its_password(name: str, url: str) -> None:
    (problem,) = problems_of({name: url})
    assert "hush" not in problem
    assert "postgres://" in problem


def test_of_two_engines_one_has_to_be_picked() -> None:
    both = {"DATABASE_URL": URL, "REDIS_HOST": "r"}
    (problem,) = problems_of(both)
    assert "CORRAL_ENGINE" in problem
    assert "hush" not in problem
    for engine in ("postgres", "redis", "embedded"):
        assert of(both | {"CORRAL_ENGINE": engine}).engine == engine


@pytest.mark.parametrize(("engine", "name"), [("postgres", "DATABASE_URL"), ("redis", "REDIS_URL")])
def test_an_engine_that_is_picked_has_to_be_somewhere(engine: str, name: str) -> None:
    (problem,) = problems_of({"CORRAL_ENGINE": engine})
    assert name in problem


@pytest.mark.parametrize("schema", ["1st", 'a"b', "a-b", "a b", "a" * 57])
def test_a_schema_needs_a_plain_name(schema: str) -> None:
    (problem,) = problems_of({"DATABASE_URL": URL, "CORRAL_SCHEMA": schema})
    assert problem.startswith("CORRAL_SCHEMA")
    assert "letters" in problem


def test_postgres_settings_that_go_unused_are_warned_of() -> None:
    assert "CORRAL_SCHEMA" in warnings_of({"CORRAL_SCHEMA": "jobs", "REDIS_HOST": "r"})
    assert warnings_of({"CORRAL_SCHEMA": "jobs", "DATABASE_URL": URL}) == ""


def test_an_unknown_variable_is_warned_of_with_the_nearest_name() -> None:
    warning = warnings_of({"CORRAL_PROCESES": "2"})
    assert warning == "CORRAL_PROCESES is not a setting of corral; did you mean CORRAL_PROCESSES?"
    assert warnings_of({"OTHER_THING": "2"}) == ""


def test_redis_settings_that_go_unused_are_warned_of() -> None:
    assert "REDIS_PASSWORD" in warnings_of({"REDIS_PASSWORD": "hush"})
    assert "hush" not in warnings_of({"REDIS_PASSWORD": "hush"})
    assert "REDIS_TLS" in warnings_of({"REDIS_TLS": "1", "REDIS_HOST": "r"})


def warnings_of(environ: Mapping[str, str]) -> str:
    resolved: Resolved = load({}, environ, Path("/nowhere"))
    return "\n".join(resolved.warnings)


def test_only_the_first_of_several_processes_runs_workers() -> None:
    assert [Settings(child=child).runs_workers for child in (None, 0, 1, 2)] == [True, True, False, False]
    assert not Settings(workers=False).runs_workers
    assert [Settings(processes=2, child=child).is_parent for child in (None, 0)] == [True, False]


def test_settings_travel_to_a_child() -> None:
    settings = of({"AUTH_TOKENS": "a", "CORRAL_DATA_DIR": "/d", "CORRAL_PROCESSES": "2"})
    assert pickle.loads(pickle.dumps(settings)) == settings


def test_the_secrets_are_tokens_and_passwords() -> None:
    secrets = of({"AUTH_TOKENS": "tok", "REDIS_URL": "redis://u:p%40@r", "REDIS_PASSWORD": "pw"}).secrets
    assert {"tok", "p%40", "p@", "pw"} <= set(secrets)
    assert {URL, "hush"} <= set(of({"DATABASE_URL": URL}).secrets)
