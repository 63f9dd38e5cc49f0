"""`corral migrate`, and `corral serve` on a Postgres with and without its schema."""

import itertools
import subprocess
from pathlib import Path

import pytest

from corral.testing.postgres import RunningPostgres, start_postgres
from tests.cli.program import corral, serving

TOKEN = "t0ken"
_numbers = itertools.count(1)


@pytest.fixture
def bare(postgres: RunningPostgres) -> str:
    """The URL of an empty database."""
    return postgres.create(f"bare{next(_numbers)}")


def variables(url: str) -> dict[str, str]:
    return {"DATABASE_URL": url, "AUTH_TOKENS": TOKEN, "HOST": "127.0.0.1", "PORT": "0"}


def test_migrate_does_what_is_missing_once(bare: str, tmp_path: Path) -> None:
    done = corral("migrate", folder=tmp_path, DATABASE_URL=bare)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines()[:2] == ["0001_schema", "0002_functions"]
    assert "0001_tables" in done.stdout
    again = corral("migrate", "--database-url", bare, folder=tmp_path)
    assert again.stdout == "Nothing to do: the schema is up to date.\n"
    other = corral("migrate", "--schema", "Other$1", folder=tmp_path, DATABASE_URL=bare)
    assert other.stdout == done.stdout


def test_a_dry_run_prints_what_psql_can_run(postgres: RunningPostgres, bare: str, tmp_path: Path) -> None:
    planned = corral("migrate", "--dry-run", folder=tmp_path, DATABASE_URL=bare)
    assert planned.returncode == 0
    assert corral("migrate", "--dry-run", folder=tmp_path, DATABASE_URL=bare).stdout == planned.stdout
    psql = [postgres.program("psql"), "-q", "-v", "ON_ERROR_STOP=1", "-d", bare]
    subprocess.run(psql, input=planned.stdout, text=True, check=True, capture_output=True)
    assert corral("migrate", "--dry-run", folder=tmp_path, DATABASE_URL=bare).stdout.startswith("-- Nothing to do")
    assert corral("migrate", folder=tmp_path, DATABASE_URL=bare).stdout.startswith("Nothing to do")


def test_migrate_says_why_it_cannot(tmp_path: Path) -> None:
    nowhere = corral("migrate", folder=tmp_path)
    assert nowhere.returncode == 2
    assert "DATABASE_URL" in nowhere.stderr
    bad = corral("migrate", "--schema", 'a"b', folder=tmp_path, DATABASE_URL="postgres://u:hush@127.0.0.1:1/x")
    assert bad.returncode == 2
    away = corral("migrate", folder=tmp_path, DATABASE_URL="postgres://u:hush@127.0.0.1:1/x")
    assert away.returncode == 1
    assert "hush" not in bad.stderr + away.stderr


@pytest.mark.parametrize("processes", ["1", "2"])
def test_serve_says_what_is_missing_and_how_to_get_it(bare: str, tmp_path: Path, processes: str) -> None:
    done = corral("serve", "--processes", processes, folder=tmp_path, **variables(bare))
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert all(word in line for word in ("bullmq", "0001_schema", "0001_tables", "corral migrate", "--migrate"))
    assert "listening" not in done.stdout


async def test_serve_migrates_if_it_may(bare: str, tmp_path: Path) -> None:
    async with serving(tmp_path, "--migrate", "--schema", "jobs", **variables(bare)) as running:
        await running.until("Connected to Postgres")
        status, _ = await running.get("/queues/emails/jobs", TOKEN, [{"name": "n", "data": 1}])
        assert status == 200
        assert (await running.get("/health/ready"))[0] == 200
        assert await running.end() == 0
    async with serving(tmp_path, "--schema", "jobs", **variables(bare)) as running:
        status, body = await running.get("/queues/emails/jobs", TOKEN)
        assert b'"id":"1"' in body
    assert corral("serve", folder=tmp_path, **variables(bare)).returncode == 1


async def test_serve_waits_for_a_postgres_that_is_away(tmp_path: Path) -> None:
    with start_postgres() as postgres:
        postgres.stop()
        async with serving(tmp_path, **variables(postgres.url())) as running:
            await running.until("Waiting for Postgres")
            assert (await running.get("/health"))[0] == 200
            assert (await running.get("/health/ready"))[0] == 503
            postgres.restart()
            await running.until("not up to date")
            assert await running.process.wait() == 1
        postgres.stop()
        async with serving(tmp_path, "--migrate", **variables(postgres.url())) as running:
            await running.until("Waiting for Postgres")
            postgres.restart()
            await running.until("Connected to Postgres")
            assert (await running.get("/health/ready"))[0] == 200


def test_config_hides_the_password(tmp_path: Path) -> None:
    url = "postgres://u:hush@db:5433/x?sslmode=require"
    shown = corral("config", folder=tmp_path, DATABASE_URL=url, CORRAL_LISTEN_URL=url)
    assert "postgres://db:5433/x (the rest hidden)" in shown.stdout
    assert "Engine: postgres" in shown.stdout
    assert "hush" not in shown.stdout


def test_of_two_engines_none_is_guessed(tmp_path: Path) -> None:
    done = corral("serve", folder=tmp_path, DATABASE_URL="postgres://db/x", REDIS_URL="redis://r")
    assert done.returncode == 2
    assert "CORRAL_ENGINE" in done.stderr
