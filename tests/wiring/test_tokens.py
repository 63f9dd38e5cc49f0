import threading
from pathlib import Path

import pytest

from corral.wiring.settings import Settings
from corral.wiring.tokens import Refused, is_public, keep, settle


def test_configured_tokens_are_left_alone(tmp_path: Path) -> None:
    settings = Settings(auth_tokens=("mine",), host="*", data_dir=tmp_path)
    assert settle(settings) == (settings, False)
    assert not list(tmp_path.iterdir())


def test_on_loopback_a_token_is_made_and_used_again(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "new" / "folder")
    first, made = settle(settings)
    second, _ = settle(settings, lambda size: "another")
    assert made
    assert first.auth_tokens == second.auth_tokens
    assert len(first.auth_tokens[0]) >= 43


def test_the_token_is_readable_by_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "token"
    keep(path, lambda: "abc")
    assert (path.stat().st_mode & 0o777, path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    path.chmod(0o644)
    assert keep(path, lambda: "other") == "abc"
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_empty_file_gets_a_new_token(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("\n")
    assert keep(path, lambda: "abc") == "abc"
    assert [each.name for each in tmp_path.iterdir()] == ["token"]


def test_processes_that_start_at_once_agree_on_one_token(tmp_path: Path) -> None:
    path = tmp_path / "token"
    found: list[str] = []
    meet = threading.Barrier(2)

    def make(name: str) -> str:
        meet.wait(timeout=30)  # both have found that there is none
        return name

    racers = [
        threading.Thread(target=lambda name=name: found.append(keep(path, lambda: make(name)))) for name in ("a", "b")
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join(timeout=30)
    assert len(found) == 2
    assert len(set(found)) == 1


@pytest.mark.parametrize("host", ["*", "0.0.0.0", "::", "[::]", "10.0.0.1", "example.com"])
def test_without_a_token_a_public_address_is_refused(host: str, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="AUTH_TOKENS"):
        settle(Settings(host=host, data_dir=tmp_path))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "localhost", "LOCALHOST.", "::1", "[::1]"])
def test_loopback_is_not_public(host: str) -> None:
    assert not is_public(host)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Refused, match="CORRAL_DATA_DIR"):
        settle(Settings(data_dir=tmp_path / "file"))
