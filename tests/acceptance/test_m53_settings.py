"""The variables of the queue service, in the environment and in `.env`."""

from pathlib import Path

import pytest

from corral.wiring.sources import BadSettings, load
from corral.wiring.tokens import settle


def test_m53_defaults() -> None:
    settings = load({}, {}, Path("/nowhere")).settings
    assert (settings.master_api_key, settings.api_key_header, settings.checks_keys) == (None, "x-api-key", True)
    assert (settings.rate_limit_window_ms, settings.rate_limit_max_requests) == (60_000, 100)
    assert settings.rate_limit_everywhere is False


def test_m53_env_file_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("MASTER_API_KEY=from-file\nAPI_KEY_HEADER=x-file\nRATE_LIMIT_MAX_REQUESTS=7\n")
    settings = load({}, {"API_KEY_HEADER": "x-environment"}, tmp_path).settings
    assert (settings.master_api_key, settings.api_key_header) == ("from-file", "x-environment")
    assert settings.rate_limit_max_requests == 7
    assert "from-file" in settings.secrets


@pytest.mark.parametrize(
    ("name", "value"),
    [("ENABLE_API_KEY_AUTH", "maybe"), ("API_KEY_HEADER", "no header"), ("RATE_LIMIT_WINDOW_MS", "-1")],
)
def test_m53_what_cannot_be_stops_the_start(name: str, value: str) -> None:
    with pytest.raises(BadSettings, match=name):
        load({}, {name: value}, Path("/nowhere"))


def test_m53_a_master_key_is_a_token(tmp_path: Path) -> None:
    settings = load({}, {"MASTER_API_KEY": "m", "CORRAL_DATA_DIR": str(tmp_path)}, Path("/nowhere")).settings
    assert settle(settings) == (settings, False)
    assert settings.host == "*"


def test_m53_no_authentication_is_warned_of() -> None:
    (warning,) = load({}, {"ENABLE_API_KEY_AUTH": "false"}, Path("/nowhere")).warnings
    assert "ENABLE_API_KEY_AUTH" in warning
