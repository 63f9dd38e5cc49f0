"""The TypeScript client's exchange in Node, whose WebSocket is not ours: deflate, UUIDs, close codes."""

import asyncio
import json
from pathlib import Path
from typing import Any

from corral.testing.server import RunningServer

SCRIPT = Path(__file__).with_name("socket_client.mjs")


async def test_p75_a_queue_a_worker_and_events_in_node(server: RunningServer) -> None:
    said = await _run(server)
    assert (said["added"]["id"], said["added"]["data"]) == ("1", {"foo": "bär"})
    assert said["refused"] == "Custom Id cannot be integers"
    assert said["counts"] == {"waiting": 2, "paused": 0, "delayed": 0}
    assert sorted(said["jobs"]) == [[0, "process", "bär"], [1, "process", 5000]]
    assert [event[0] for event in said["events"]] == [0, 1]
    told = {event[1]: event[2] for event in said["events"]}
    assert told["completed"] == {"jobId": "1", "returnvalue": "bär", "prev": "active"}
    assert told["failed"] == {"jobId": "2", "failedReason": "broken", "prev": "active"}
    assert [job["failedReason"] for job in said["failed"]] == ["broken"]
    assert said["code"] == 4000


async def _run(server: RunningServer) -> Any:
    command = ("node", "--experimental-websocket", "--no-warnings", str(SCRIPT), server.ws_url, server.token)
    process = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(20):
            output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0
    return json.loads(output)
