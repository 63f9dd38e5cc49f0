"""How many requests a key may make, told by both families of headers."""

import asyncio
import math
import time

import pytest

from corral.testing.server import TOKEN
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator, Program


async def test_m52_headers_of_both_families(serve: Serve) -> None:
    server = await serve(rate_limit_max_requests=100, rate_limit_window_ms=60_000)
    before = time.time()
    reply = await Program(server.port, None).call("GET", "/api/explain")
    told = {name: value for name, value in reply.headers.items() if "ratelimit" in name}
    left, at = int(told.pop("ratelimit-reset")), int(told.pop("x-ratelimit-reset"))
    assert 50 <= left <= 60
    assert before + left <= at <= math.ceil(time.time()) + left
    assert told == {
        "ratelimit-policy": "100;w=60",
        "ratelimit-limit": "100",
        "ratelimit-remaining": "99",
        "x-ratelimit-limit": "100",
        "x-ratelimit-remaining": "99",
    }


async def test_m52_too_many(serve: Serve) -> None:
    server = await serve(master_api_key=MASTER, rate_limit_max_requests=5)
    shop, other = await Operator(server).make(), await Operator(server).make()
    statuses = [(await shop.call("GET", "/api/jobs")).status for _ in range(6)]
    assert statuses == [200] * 5 + [429]
    refused = await shop.call("GET", "/api/jobs")
    assert refused.text == "Too many requests, please try again later."
    assert 0 < int(refused.headers["retry-after"]) <= 60
    assert refused.headers["ratelimit-remaining"] == "0"
    assert (await other.call("GET", "/api/jobs")).status == 200
    for path in ("/", "/health", "/v1/queues"):
        assert (await Client(server.port, TOKEN).call("GET", path)).status == 200


async def test_m52_without_a_key_the_address_counts(serve: Serve) -> None:
    server = await serve(rate_limit_max_requests=3)
    guesses = [await Program(server.port, f"sk_{n}").call("GET", "/api/jobs") for n in range(4)]
    assert [reply.status for reply in guesses] == [401] * 3 + [429]
    assert (await Program(server.port, None).call("GET", "/api/explain")).status == 429


@pytest.mark.parametrize("most", [20, 1000])
async def test_m52_all_processes_count_together(serve: Serve, most: int) -> None:
    servers = [await serve(rate_limit_max_requests=most, rate_limit_window_ms=3_600_000) for _ in range(2)]
    programs = [Program(server.port, TOKEN) for server in servers]

    async def ask(program: Program) -> int:
        passed = 0
        while (await program.call("GET", "/api/explain")).status == 200:
            passed += 1
        return passed

    passed = sum(await asyncio.gather(*(ask(programs[n % 2]) for n in range(8))))
    assert most - most // 100 <= passed <= most


async def test_m52_the_window_ends(serve: Serve) -> None:
    server = await serve(rate_limit_max_requests=1, rate_limit_window_ms=300)
    program = Program(server.port, TOKEN)
    assert (await program.call("GET", "/api/explain")).status == 200
    async with asyncio.timeout(30):
        while (await program.call("GET", "/api/explain")).status != 200:
            pass


async def test_m52_everywhere_when_asked_for(serve: Serve) -> None:
    server = await serve(rate_limit_max_requests=2, rate_limit_everywhere=True)
    client = Client(server.port)
    assert (await client.call("GET", "/v1/queues")).headers["ratelimit-remaining"] == "1"
    assert (await client.call("GET", "/workers")).status == 200
    assert (await client.call("GET", "/queues/mail/jobs")).status == 429


async def test_m52_none_when_switched_off(serve: Serve) -> None:
    server = await serve(rate_limit_max_requests=0)
    replies = [await Program(server.port, None).call("GET", "/api/explain") for _ in range(150)]
    assert {reply.status for reply in replies} == {200}
    assert "ratelimit-limit" not in replies[0].headers
