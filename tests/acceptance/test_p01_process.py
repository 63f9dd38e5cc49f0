from datetime import UTC, datetime

from tests.acceptance.client import Client


async def test_p01_root_is_text_that_ends_in_the_banner(client: Client) -> None:
    reply = await client.call("GET", "/", token=None)
    assert (reply.status, reply.headers["content-type"]) == (200, "text/plain;charset=utf-8")
    year = datetime.now(UTC).year
    assert reply.text.splitlines()[-1] == f"BullMQ Proxy (c) {year} Taskforce.sh Inc. v1.5.3"
    assert (await client.call("POST", "/", token=None)).status == 404
