"""Addresses are checked where they are used, whatever a resolver said before."""

import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.abc import AbstractResolver

from corral.delivery.answer import Answer, NotCalled, Refused
from corral.delivery.guarded import GuardedClient
from corral.delivery.session import MOST_BYTES
from corral.model.errors import InvalidInput
from corral.policy.targets import LOOPBACK, Allowed, allowed_of
from tests.acceptance.endpoint import EndpointServer, hold, response


class Resolver(AbstractResolver):
    """Says what the test wants, one answer after the other, the last one for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self._answers = list(answers)
        self.asked = 0

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
        self.asked += 1
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            {"hostname": host, "host": one, "port": port, "family": socket.AF_INET6 if ":" in one else socket.AF_INET,
             "proto": 0, "flags": 0}
            for one in addresses
        ]  # fmt: skip

    async def close(self) -> None:
        """Nothing is held."""


@pytest.fixture
async def endpoint() -> AsyncIterator[EndpointServer]:
    async with EndpointServer(lambda call: response(b"ok")) as server:
        yield server


async def send(client: GuardedClient, url: str, timeout: float = 5.0) -> Answer:
    try:
        return await client.send("POST", url, {"content-type": "application/json"}, b"{}", timeout)
    finally:
        await client.close()


FORMS = ["127.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "localhost", "[::1]", "[::ffff:127.0.0.1]"]


@pytest.mark.parametrize("host", FORMS)
async def test_loopback_in_every_form_is_refused(endpoint: EndpointServer, host: str) -> None:
    url = f"http://{host}:{endpoint.port}/"
    client = GuardedClient(Allowed())
    with pytest.raises(InvalidInput, match="may not be called"):
        await client.check(url)
    with pytest.raises(Refused):
        await send(client, url)
    assert endpoint.seen == []


async def test_loopback_where_it_is_allowed(endpoint: EndpointServer) -> None:
    client = GuardedClient(allowed_of(LOOPBACK))
    await client.check(f"http://localhost:{endpoint.port}/")
    answer = await send(client, f"http://127.0.0.1:{endpoint.port}/")
    assert (answer.status, answer.body) == (200, b"ok")


async def test_a_name_that_changes_its_address(endpoint: EndpointServer) -> None:
    resolver = Resolver(["93.184.216.34"], ["127.0.0.1"])
    client = GuardedClient(Allowed(), resolver)
    url = f"http://rebinds.example:{endpoint.port}/"
    await client.check(url)
    with pytest.raises(Refused):
        await send(client, url)
    assert (resolver.asked, endpoint.seen) == (2, [])


async def test_one_of_several_addresses(endpoint: EndpointServer) -> None:
    client = GuardedClient(Allowed(), Resolver(["93.184.216.34", "10.0.0.1"]))
    with pytest.raises(InvalidInput):
        await client.check("http://both.example/")
    await client.close()


async def test_a_name_that_is_allowed(endpoint: EndpointServer) -> None:
    client = GuardedClient(allowed_of(["hooks.example"]), Resolver(["127.0.0.1"]))
    await client.check(f"http://hooks.example:{endpoint.port}/")
    assert (await send(client, f"http://hooks.example:{endpoint.port}/")).status == 200


async def test_redirects_are_not_followed(endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", "302 Found", location=f"http://127.0.0.1:{endpoint.port}/inside")
    answer = await send(GuardedClient(allowed_of(LOOPBACK)), endpoint.url)
    assert (answer.status, len(endpoint.seen)) == (302, 1)


async def test_long_answers_are_cut_off(endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"x" * 1_000_000)
    assert len((await send(GuardedClient(allowed_of(LOOPBACK)), endpoint.url)).body) == MOST_BYTES


async def test_no_answer_in_time(endpoint: EndpointServer) -> None:
    endpoint.script = hold
    with pytest.raises(NotCalled, match=r"No answer within 0\.05 s"):
        await send(GuardedClient(allowed_of(LOOPBACK)), endpoint.url, 0.05)


async def test_no_cookies_are_kept(endpoint: EndpointServer) -> None:
    endpoint.script = lambda call: response(b"", set_cookie="a=b")
    client = GuardedClient(allowed_of(LOOPBACK))
    await client.send("POST", endpoint.url, {}, b"", 5)
    await client.send("POST", endpoint.url, {}, b"", 5)
    await client.close()
    assert "cookie" not in endpoint.seen[1].headers


async def test_a_name_that_nobody_knows() -> None:
    client = GuardedClient(Allowed())
    await client.check("http://no-such-host.invalid/")
    with pytest.raises(NotCalled):
        await send(client, "http://no-such-host.invalid/")
