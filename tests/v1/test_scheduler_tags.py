"""Schedulers are read only when they are new to the reader, and changed only as they were read."""

import asyncio
from typing import Any

import pytest

from tests.acceptance.client import Client, Reply
from tests.acceptance.endpoint import EndpointServer
from tests.v1.jobs import said

PLACE = "/v1/queues/reports/schedulers/s"
HOURLY, DAILY = ({"repeat": {"pattern": pattern}} for pattern in ("@hourly", "@daily"))
STALE = (412, "precondition-failed")


async def write(client: Client, body: Any, if_match: str | None = None) -> Reply:
    headers = None if if_match is None else {"if-match": if_match}
    return await client.call("PUT", PLACE, body, headers=headers)


async def remove(client: Client, if_match: str) -> Reply:
    return await client.call("DELETE", PLACE, headers={"if-match": if_match})


async def tag(client: Client) -> str:
    reply = await client.call("GET", PLACE)
    assert reply.status == 200, reply
    return reply.headers["etag"]


async def test_a_change_wants_the_last_tag(client: Client) -> None:
    await write(client, HOURLY)
    first = await tag(client)
    assert (await write(client, DAILY, first)).status == 200
    assert said(await write(client, HOURLY, first)) == STALE
    assert said(await remove(client, first)) == STALE
    found = await client.call("GET", PLACE)
    assert (found.json()["pattern"], await client.counts("reports", "delayed")) == ("@daily", {"delayed": 1})
    second = found.headers["etag"]
    for wrong in (f"W/{second}", second.strip('"'), "", '"other"'):
        assert said(await write(client, HOURLY, wrong)) == STALE
    assert (await write(client, HOURLY, f'"other", {second}')).status == 200
    assert (await write(client, DAILY, "*")).status == 200
    assert (await remove(client, await tag(client))).json() == {"removed": True}


async def test_without_a_scheduler_nothing_matches(client: Client) -> None:
    for if_match in ("*", '"any"'):
        assert said(await write(client, HOURLY, if_match)) == STALE
        assert said(await remove(client, if_match)) == STALE
    assert (await client.call("GET", PLACE)).status == 404
    assert (await client.call("DELETE", PLACE)).json() == {"removed": False}


@pytest.mark.parametrize("removing", [False, True])
async def test_one_of_many_wins(client: Client, removing: bool) -> None:
    await write(client, HOURLY)
    read = await tag(client)
    bodies = [{"repeat": {"pattern": "@daily"}, "template": {"data": {"by": n}}} for n in range(8)]
    writes = [write(client, body, read) for body in bodies]
    removals = [remove(client, read) for _ in range(8 if removing else 0)]
    replies = await asyncio.gather(*removals, *writes)
    assert sorted(reply.status for reply in replies) == [200] + [412] * (len(replies) - 1)


async def test_the_check_comes_after_that_of_the_body(client: Client) -> None:
    assert said(await write(client, {"repeat": {"every": 0}}, '"stale"')) == (400, "invalid-input")


async def test_the_query_has_no_part_in_it(client: Client) -> None:
    assert said(await client.call("DELETE", f"{PLACE}?if_match=*")) == (400, "invalid-input")


async def test_a_run_changes_what_is_shown_and_stops_no_change(client: Client, endpoint: EndpointServer) -> None:
    await write(client, {"repeat": {"every": 40, "limit": 3}})
    read = await _standing_tag(client)
    await client.register("reports", endpoint.url)
    calls = await endpoint.take(3)
    await client.finished("reports", calls[-1].job["id"])
    assert (await client.call("GET", PLACE, headers={"if-none-match": read})).status == 200
    assert (await write(client, HOURLY, read)).status == 200
    assert said(await remove(client, read)) == STALE


async def _standing_tag(client: Client) -> str:
    """One that still held when it was asked for again; the runs to come, which it covers, pass with time."""
    async with asyncio.timeout(20):
        while True:
            read = await tag(client)
            if (await client.call("GET", PLACE, headers={"if-none-match": read})).status == 304:
                return read
