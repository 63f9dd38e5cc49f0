"""The programs of the queue service's README, word for word but for the address, the key and how often they poll."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from corral.testing.waiting import until
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program

README = Path(__file__).with_name("readme")
DEADLINE = 30.0
SENDER = """
const sendEmail = async (data) => {
  await new Promise((done) => setTimeout(done, data.ms ?? 0));
  if (data.to === 'nobody') throw new Error('No such mailbox');
  return { sent: data.to, by: process.pid };
};
"""
UPDATES = """
const processBatch = async () => {};
async function updateJobStatus(jobId, status, { apiKey, ...said }) {
  const response = await fetch(`http://localhost:3003/api/jobs/${jobId}`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
    body: JSON.stringify({ status, ...said }),
  });
  if (!response.ok) throw new Error(await response.text());
}
"""

pytestmark = pytest.mark.skipif(bool(os.environ.get("CORRAL_NO_NODE")), reason="Node is not there")


@pytest.fixture
async def shop(serve: Serve) -> Program:
    return await Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0)).make("shop")


def program(shop: Program, name: str) -> str:
    text = (README / f"{name}.js").read_text()
    for key in ("worker-api-key", "your-api-key"):
        text = text.replace(key, str(shop.key))
    return text.replace("http://localhost:3003", f"http://127.0.0.1:{shop.port}").replace("5000)", "200)")


@asynccontextmanager
async def worker(shop: Program, folder: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    (folder / "node_modules" / "axios").mkdir(parents=True, exist_ok=True)
    (folder / "node_modules" / "axios" / "index.js").write_text((README / "axios.js").read_text())
    (folder / "worker.cjs").write_text(SENDER + program(shop, "worker"))
    process = await asyncio.create_subprocess_exec("node", str(folder / "worker.cjs"))
    try:
        yield process
        assert process.returncode is None, "the worker ended"
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def run(folder: Path, text: str) -> Any:
    """What the program prints, which is JSON."""
    (folder / "program.mjs").write_text(text)
    process = await asyncio.create_subprocess_exec("node", str(folder / "program.mjs"), stdout=asyncio.subprocess.PIPE)
    async with asyncio.timeout(DEADLINE):
        printed, _ = await process.communicate()
    assert process.returncode == 0
    return json.loads(printed)


async def job(shop: Program, job_id: str) -> Any:
    return (await shop.ok("GET", f"/api/jobs/{job_id}"))["job"]


async def ended(shop: Program, job_ids: list[str]) -> list[Any]:
    async def all_ended() -> list[Any]:
        found = [await job(shop, job_id) for job_id in job_ids]
        return found if all(_has_ended(one) for one in found) else []

    return await until(all_ended, DEADLINE)


def _has_ended(job: Any) -> bool:
    """Others may see the end a moment before the note of it."""
    return any(note["status"] in ("completed", "failed") for note in job["updates"])


async def test_m55_the_worker_loop(shop: Program, tmp_path: Path) -> None:
    good = await shop.submit("email", data={"to": "ada"})
    bad = await shop.submit("email", data={"to": "nobody"})
    other = await shop.submit("letters", data={"to": "ada"})
    async with worker(shop, tmp_path):
        done, failed = await ended(shop, [good, bad])
    assert (done["status"], done["result"]["sent"]) == ("completed", "ada")
    assert [note["status"] for note in done["updates"]] == ["started", "completed"]
    assert list(done["timestamps"]) == ["submitted", "started", "completed"]
    assert (failed["status"], failed["error"]) == ("failed", "No such mailbox")
    assert (await job(shop, other))["status"] == "waiting"


async def test_m55_several_worker_loops_share_the_jobs(shop: Program, tmp_path: Path) -> None:
    """A job takes longer than it takes to poll again, so that each loop, too, meets itself."""
    job_ids = [await shop.submit("email", data={"to": f"user-{n}", "ms": 300}) for n in range(6)]
    async with worker(shop, tmp_path / "one"), worker(shop, tmp_path / "two"):
        found = await ended(shop, job_ids)
    assert [one["status"] for one in found] == ["completed"] * 6
    assert [one["result"]["sent"] for one in found] == [f"user-{n}" for n in range(6)]
    assert all([note["status"] for note in one["updates"]] == ["started", "completed"] for one in found)


async def test_m55_submitting_and_filtering(shop: Program, tmp_path: Path) -> None:
    job_id = await run(tmp_path, program(shop, "submit") + "console.log(JSON.stringify(jobId));")
    await shop.submit("email", metadata={"priority": "low", "customerId": "cust-123"})
    jobs = await run(tmp_path, program(shop, "filter") + "console.log(JSON.stringify(jobs));")
    assert [one["id"] for one in jobs] == [job_id]
    assert jobs[0]["metadata"]["orderId"] == "order-456"


async def test_m55_progress_in_batches(shop: Program, tmp_path: Path) -> None:
    job_id = await shop.submit("data-export")
    call = f"await processDataExport('{job_id}', '{shop.key}'); console.log('true');"
    updates = UPDATES.replace("http://localhost:3003", f"http://127.0.0.1:{shop.port}")
    await run(tmp_path, updates + program(shop, "batch") + call)
    found = await job(shop, job_id)
    assert (found["status"], found["progress"]) == ("completed", 100)
    assert found["result"] == {"recordsProcessed": 10000, "fileUrl": "s3://bucket/export.csv"}
    assert [note["progress"] for note in found["updates"][1:-1]] == [0, 25, 50, 75, 100]
