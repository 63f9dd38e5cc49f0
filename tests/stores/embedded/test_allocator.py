"""The setting of the engine's allocator: where it is known to help, and what others set comes first."""

from pathlib import Path

import pytest

from corral.stores.embedded import server
from corral.stores.embedded.allocator import SETTING, VARIABLE, allocator_settings
from corral.stores.embedded.folder import DataFolder
from corral.stores.embedded.lock import FileLock


@pytest.mark.parametrize(
    ("libc", "known"),
    [("glibc 2.30", True), ("glibc 2.42", True), ("glibc 3", True), ("glibc 2.29", False), ("musl", False)],
)
def test_only_a_glibc_that_takes_it_is_set(libc: str, known: bool) -> None:
    assert allocator_settings(libc) == ({VARIABLE: SETTING} if known else {})


@pytest.mark.parametrize("given", [None, "glibc.malloc.tcache_count=9"])
def test_the_environment_comes_first(tmp_path: Path, given: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server clears its environment away as it starts, so another program stands in for it here."""
    monkeypatch.delenv(VARIABLE, raising=False)
    if given:
        monkeypatch.setenv(VARIABLE, given)
    program, folder = tmp_path / "program", DataFolder.at(tmp_path / "data")
    program.write_text(f'#!/bin/sh\necho "${VARIABLE}"\n')
    program.chmod(0o700)
    monkeypatch.setattr(server, "find_binary", lambda: program)
    folder.create()
    lock = FileLock.take(folder.server_lock)
    assert lock
    server.spawn(folder, server.ServerSettings(), lock).communicate()
    assert folder.log_path.read_text().strip() == (given or allocator_settings().get(VARIABLE, ""))
