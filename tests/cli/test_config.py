from pathlib import Path

from corral.wiring.settings import VARIABLES
from tests.cli.program import corral


def rows(output: str) -> dict[str, list[str]]:
    return {line.split()[0]: line.strip().split(maxsplit=2)[1:] for line in output.splitlines() if line.strip()}


def test_every_setting_is_shown_with_value_and_source(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("QUEUE_PREFIX=fromfile\nPORT=1\n")
    done = corral("config", "--host", "127.0.0.2", folder=tmp_path, PORT="8123", DEBUG="true")
    shown = rows(done.stdout)
    assert done.returncode == 0
    assert {variable.names[0] for variable in VARIABLES.values()} <= set(shown)
    assert shown["PORT"] == ["8123", "environment"]
    assert shown["QUEUE_PREFIX"] == ["fromfile", ".env file"]
    assert shown["HOST"] == ["127.0.0.2", "flag"]
    assert shown["QUEUE_CACHE_SIZE"] == ["100", "default"]
    assert shown["CORRAL_LOG_LEVEL"] == ["debug", "DEBUG"]


def test_the_host_says_why_it_is_public(tmp_path: Path) -> None:
    done = corral("config", folder=tmp_path, AUTH_KEYS="k")
    assert rows(done.stdout)["HOST"] == ["*", "default with a token"]


def test_secrets_are_hidden(tmp_path: Path) -> None:
    environ = {"AUTH_TOKENS": "hush1", "REDIS_URL": "redis://u:hush2@r:7/3", "REDIS_PASSWORD": "hush3"}
    done = corral("config", folder=tmp_path, **environ)
    assert "hush" not in done.stdout + done.stderr
    assert rows(done.stdout)["AUTH_TOKENS"] == ["(set)", "environment"]
    assert rows(done.stdout)["REDIS_URL"][0] == "r:7/3"
    assert "Engine: redis" in done.stdout


def test_bad_settings_are_listed_one_per_line(tmp_path: Path) -> None:
    done = corral("config", "--log-level", "loud", folder=tmp_path, PORT="x", CORRAL_PROCESSES="0")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 3
    assert 'corral: PORT: "x" is not valid; allowed: a whole number from 0 to 65535' in done.stderr


def test_an_unknown_variable_is_warned_of(tmp_path: Path) -> None:
    assert "did you mean CORRAL_PROCESSES?" in corral("config", folder=tmp_path, CORRAL_PROCES="2").stdout
