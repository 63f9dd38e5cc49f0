"""The end of a server that serves applications."""

from pathlib import Path

from tests.acceptance.command import corral_serve
from tests.acceptance.service import MASTER, Program


async def test_m58_sigterm_ends_it_in_good_order_and_nothing_is_lost(
    engine_url: str, prefix: str, tmp_path: Path
) -> None:
    name = "DATABASE_URL" if engine_url.startswith("postgres") else "REDIS_URL"
    variables = {name: engine_url, "MASTER_API_KEY": MASTER, "QUEUE_PREFIX": prefix, "CORRAL_LOG_FORMAT": "json"}
    async with corral_serve(tmp_path, **variables) as command:
        master = Program(await command.port(), MASTER)
        job_id = await master.submit("mail", metadata={"x": 1})
        await master.ok("PUT", f"/api/jobs/{job_id}", {"status": "progress", "progress": 7})
        command.terminate()
        assert await command.exit_code() == 0
        await command.line(lambda line: "SIGTERM" in line)
    assert not [line for line in command.lines if MASTER in line]
    async with corral_serve(tmp_path, **variables) as command:
        master = Program(await command.port(), MASTER)
        job = (await master.ok("GET", f"/api/jobs/{job_id}"))["job"]
        assert (job["status"], job["progress"], job["metadata"]) == ("active", 7, {"x": 1})
        command.terminate()
        assert await command.exit_code() == 0
