"""Endpoints that an application registers for its own queues; they are called only where strangers may have it."""

from typing import Any

import pytest

from corral.policy.targets import Allowed
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.service import MASTER, Operator, Program

_INSIDE = "http://10.0.0.1/work"


def _worker(url: str, **more: Any) -> dict[str, Any]:
    return {"queue": "mail", "endpoint": {"url": url, "method": "POST", **more}}


async def _operator(serve: Serve, **settings: Any) -> Operator:
    return Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0, **settings))


async def _register(program: Program, url: str) -> None:
    assert (await program.call("POST", "/workers", _worker(url))).text == "OK"


async def test_m27_each_application_has_the_endpoint_of_its_own_queue(serve: Serve, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    operator = await _operator(serve)
    shop, bank = await operator.make("shop"), await operator.make("bank")
    await _register(shop, f"{endpoint.url}/shop")
    await _register(bank, f"{endpoint.url}/bank")
    assert (await shop.ok("GET", "/workers")) == {"mail": f"{endpoint.url}/shop"}
    [job] = await bank.add("mail")
    call = await endpoint.next()
    assert call.target == "/job/bank"
    call.respond(response({"by": "bank"}))
    await bank.call("GET", f"/v1/queues/mail/jobs/{job}/result?wait=30")
    assert (await bank.ok("GET", f"/v1/queues/mail/jobs/{job}"))["returnvalue"] == {"by": "bank"}
    assert (await shop.call("DELETE", "/workers/mail")).status == 200
    assert (await shop.ok("GET", "/workers"), await bank.ok("GET", "/workers")) == (
        {},
        {"mail": f"{endpoint.url}/bank"},
    )


async def test_m27_registering_takes_the_role_for_it(serve: Serve, endpoint: EndpointServer) -> None:
    operator = await _operator(serve)
    shop = await operator.make()
    worker = await operator.another(shop, "work", "read", "enqueue")
    assert (await worker.call("POST", "/workers", _worker(endpoint.url))).status == 403
    assert (await worker.call("POST", "/endpoints/mail", {"url": endpoint.url})).status == 403
    manager = await operator.another(shop, "manage")
    assert (await manager.call("POST", "/endpoints/mail", {"url": endpoint.url})).status == 200


@pytest.mark.parametrize("url", [_INSIDE, "http://[::ffff:10.0.0.1]/", "http://169.254.169.254/latest", "ftp://x/"])
async def test_m27_an_address_inside_is_refused_to_applications_and_not_to_the_operator(serve: Serve, url: str) -> None:
    operator = await _operator(serve, workers=False)
    shop = await operator.make()
    for path, body in (("/workers", _worker(url)), ("/endpoints/mail", {"url": url})):
        refused = await shop.call("POST", path, body)
        assert refused.status == 400, refused
    assert (await shop.ok("GET", "/workers")) == {}
    if url == _INSIDE:
        await _register(operator, url)


async def test_m27_an_address_that_is_refused_later_is_not_called(serve: Serve, endpoint: EndpointServer) -> None:
    """Names may lead elsewhere by the time of the call: the address is looked at again then."""
    registering = await _operator(serve, workers=False)
    shop = await registering.make()
    await _register(shop, endpoint.url)
    [job] = await shop.add("mail")
    await serve(master_api_key=MASTER, rate_limit_max_requests=0, given_targets=Allowed())
    await shop.call("GET", f"/v1/queues/mail/jobs/{job}/result?wait=30")
    ended = await shop.ok("GET", f"/v1/queues/mail/jobs/{job}")
    assert ended["failedReason"] == "the host 127.0.0.1 is at an address that may not be called"
    assert endpoint.calls.empty()
