import asyncio
import shutil
import signal
import socket
import stat
from pathlib import Path

import msgspec
import pytest

from corral.testing.engines import free_port, is_vacant
from tests.cli.program import DEADLINE, corral, serving


async def test_without_a_token_one_is_made_kept_and_printed(tmp_path: Path) -> None:
    async with serving(tmp_path) as first:
        token = (await first.until(r"corral made one: (\S+)"))[1]
        assert await first.get("/queues/my-queue/jobs") == (401, b"Unauthorized")
        status, _ = await first.get("/queues/my-queue/jobs", token)
        assert status == 200
        assert await first.end() == 0
    path = tmp_path / ".corral" / "token"
    assert path.read_text().strip() == token
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    async with serving(tmp_path) as second:
        assert (await second.until(r"corral made one: (\S+)"))[1] == token


@pytest.mark.skipif(shutil.which("curl") is None, reason="the printed lines call curl, which this machine has not")
async def test_the_printed_lines_work_as_pasted(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        await running.until(r"(?s)curl.+curl[^\n]+\n")
        add, look = (line for line in running.output.splitlines() if line.strip().startswith("curl"))
        assert msgspec.json.decode(await _shell(add))[0]["name"] == "hello"
        assert [job["id"] for job in msgspec.json.decode(await _shell(look))["jobs"]] == ["1"]


async def _shell(line: str) -> bytes:
    process = await asyncio.create_subprocess_shell(
        line, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(DEADLINE):
        return (await process.communicate())[0]


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1"])
def test_a_public_address_without_a_token_is_refused(host: str, tmp_path: Path) -> None:
    done = corral("serve", folder=tmp_path, HOST=host)
    assert done.returncode == 2
    assert "no token is configured" in done.stderr
    assert "AUTH_TOKENS" in done.stderr
    assert not list(tmp_path.iterdir())


def test_bad_settings_end_it_with_code_2(tmp_path: Path) -> None:
    done = corral("serve", "--durability", "none", folder=tmp_path, PORT="x")
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 2


def test_a_taken_port_ends_it_with_code_1(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = corral("serve", "--port", str(port), folder=tmp_path)
    assert done.returncode == 1
    assert f"corral: cannot listen on 127.0.0.1, port {port}" in done.stderr
    assert is_vacant(tmp_path / ".corral")


@pytest.mark.parametrize("format", ["console", "json", "proxy"])
async def test_P02_the_start_line_has_the_port_and_no_line_has_a_token(format: str, tmp_path: Path) -> None:
    variables = {"CORRAL_LOG_FORMAT": format, "AUTH_TOKENS": "hush-1, hush-2", "DEBUG": "true"}
    async with serving(tmp_path, "--host", "127.0.0.1", **variables) as running:
        assert (await running.get("/queues/my-queue/jobs", "hush-2", []))[0] == 200
        assert (await running.get("/queues/my-queue/jobs?token=hush-1", "wrong"))[0] == 401
        assert await running.end() == 0
    assert str(running.port) in running.output
    assert "hush" not in running.output


async def test_P07_P08_both_variables_are_accepted_and_nothing_else(tmp_path: Path) -> None:
    variables = {"AUTH_TOKENS": " one ,two", "AUTH_KEYS": "three, "}
    async with serving(tmp_path, "--host", "127.0.0.1", **variables) as running:
        answers = [(await running.get("/queues/my-queue/jobs", t))[0] for t in ("one", "two", "three", "", " ", "four")]
    assert answers == [200, 200, 200, 401, 401, 401]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_P03_a_signal_stops_server_and_engine(number: signal.Signals, tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        assert await running.end(number) == 0
    assert is_vacant(tmp_path / ".corral")


@pytest.mark.parametrize("processes", ["1", "2"])
async def test_P03_P04_without_redis_it_serves_health_and_stops(processes: str, tmp_path: Path) -> None:
    variables = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(free_port()), "CORRAL_PROCESSES": processes}
    async with serving(tmp_path, **variables) as running:
        await running.until("Waiting for Redis at 127.0.0.1:")
        assert (await running.get("/health"))[0] in (200, 503)
        assert await running.end() == 0


async def test_several_processes_share_port_and_engine(tmp_path: Path) -> None:
    async with serving(tmp_path, "--processes", "2", AUTH_TOKENS="t", HOST="127.0.0.1") as running:
        await running.until("(?s)listening on.+listening on")
        ids = [
            msgspec.json.decode((await running.get("/queues/my-queue/jobs", "t", [{"name": "a", "data": 1}]))[1])
            for _ in range(12)
        ]
        assert [jobs[0]["id"] for jobs in ids] == [str(number) for number in range(1, 13)]
        assert await running.end() == 0
    assert is_vacant(tmp_path / ".corral")


async def test_the_env_file_of_the_folder_is_read_and_flags_win(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("AUTH_TOKENS=filetoken\nHOST=127.0.0.1\nCORRAL_DATA_DIR=elsewhere\n")
    async with serving(tmp_path, "--data-dir", "here") as running:
        assert (await running.get("/queues/my-queue/jobs", "filetoken"))[0] == 200
    assert (tmp_path / "here").is_dir()
    assert not (tmp_path / "elsewhere").exists()


async def test_a_warning_for_an_unknown_variable(tmp_path: Path) -> None:
    async with serving(tmp_path, CORRAL_PROCESES="2") as running:
        assert "did you mean CORRAL_PROCESSES?" in running.output
