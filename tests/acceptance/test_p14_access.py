"""Which paths there are, and who may use them."""

import pytest

from corral.testing.server import TOKEN
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer, hold, response

pytestmark = pytest.mark.one_engine

AUTHED = (
    ("POST", "/queues/orders/jobs"),
    ("GET", "/queues/orders/jobs"),
    ("GET", "/queues/orders/jobs/1"),
    ("POST", "/queues/orders/jobs/1/progress"),
    ("POST", "/queues/orders/jobs/1/logs"),
    ("GET", "/queues/orders/jobs/1/logs"),
    ("POST", "/workers"),
    ("GET", "/workers"),
    ("DELETE", "/workers/orders"),
    ("POST", "/endpoints/orders"),
    ("GET", "/endpoints"),
    ("DELETE", "/endpoints/orders"),
)


@pytest.mark.parametrize("token", [TOKEN, "wrong", None])
@pytest.mark.parametrize(
    "request_line",
    [
        "GET /nowhere",
        "GET /Workers",
        "GET /workers/",
        "GET //workers",
        "GET /queues//jobs",
        "GET /queues/orders/jobs/",
        "GET /queues/orders/jobs/1/progress",
        "GET /workers/orders",
        "PUT /workers",
        "PATCH /queues/orders/jobs/1",
        "DELETE /queues/orders/jobs",
        "DELETE /workers",
        "OPTIONS /workers",
        "POST /",
        "POST /health",
        "GET /%2F",
    ],
)
async def test_p14_unknown_path_or_method_is_404_before_auth(
    client: Client, request_line: str, token: str | None
) -> None:
    reply = await client.call(*request_line.split(" "), token=token)
    assert (reply.status, reply.reason, reply.text) == (404, "Not Found", "Not found")
    assert reply.headers["content-type"] == "text/plain;charset=utf-8"


@pytest.mark.parametrize("path", ["/", "/workers", "/queues/orders/jobs"])
async def test_p14_head_is_404(client: Client, path: str) -> None:
    assert (await client.call("HEAD", path)).status == 404


async def test_p14_the_query_does_not_count(client: Client) -> None:
    assert (await client.call("GET", "/workers?a/b=c")).status == 200


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_p14_plain_http_to_a_websocket_path_is_a_4xx(client: Client, method: str) -> None:
    for path in ("/queues/orders", "/ws/queues/orders/process/1", "/queue/orders/events"):
        reply = await client.call(method, path, token=None)
        assert (reply.status, reply.text) == (426, "Upgrade failed :(")


@pytest.mark.parametrize(
    ("segment", "queue"),
    [
        ("my%20orders", "my orders"),
        ("%7Borders%7D", "{orders}"),
        ("caf%C3%A9%20%F0%9F%98%80", "café 😀"),
        ("a%2Fb", "a%2Fb"),
        ("a%3Ab", "a%3Ab"),
        ("100%25", "100%"),
        ("a+b", "a+b"),
    ],
)
async def test_p15_names_are_percent_decoded(
    client: Client, endpoint: EndpointServer, segment: str, queue: str
) -> None:
    [job] = await client.add(segment, {"name": "n", "data": 1})
    assert job["queueQualifiedName"].partition(":")[2] == queue
    assert (await client.job(segment, "1"))["name"] == "n"
    await client.register(queue, endpoint.url)
    assert (await client.call("GET", "/workers")).json() == {queue: endpoint.url}
    assert (await endpoint.next()).job["queueQualifiedName"] == job["queueQualifiedName"]
    assert (await client.call("DELETE", f"/workers/{segment}")).text == "OK"


@pytest.mark.parametrize("segment", ["%", "%zz", "abc%2", "%ff%fe", "%C3%28"])
async def test_p15_a_bad_escape_is_400(client: Client, segment: str) -> None:
    for method, path in (("POST", "/queues/{}/jobs"), ("GET", "/queues/abc/jobs/{}"), ("DELETE", "/workers/{}")):
        assert (await client.call(method, path.format(segment), [])).status == 400


@pytest.mark.parametrize(
    ("header", "status"),
    [
        (f"Bearer {TOKEN}", 200),
        (f"Basic x, Bearer {TOKEN}", 200),
        (f"xBearer {TOKEN}", 200),
        (f"bearer {TOKEN}", 401),
        (f"BEARER {TOKEN}", 401),
        (f"Bearer  {TOKEN}", 401),
        (f"Bearer{TOKEN}", 401),
        (f"Bearer Bearer {TOKEN}", 401),
        (f"Bearer {TOKEN.upper()}", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        ("Bearer ", 401),
        ("Bearer \xe9", 401),
        (TOKEN, 401),
    ],
)
async def test_p16_bearer_parsing(client: Client, header: str, status: int) -> None:
    reply = await client.call("GET", "/workers", token=None, headers={"authorization": header})
    assert reply.status == status


@pytest.mark.parametrize("token", [None, "", "wrong"])
@pytest.mark.parametrize(("method", "path"), AUTHED)
async def test_p17_unauthorized(client: Client, method: str, path: str, token: str | None) -> None:
    reply = await client.call(method, path, b"{broken", token=token)
    assert (reply.status, reply.reason, reply.text) == (401, "Unauthorized", "Unauthorized")
    assert reply.headers["content-type"] == "text/plain;charset=utf-8"
    assert "www-authenticate" not in reply.headers


async def test_p17_a_token_in_the_query_is_for_sockets_only(client: Client) -> None:
    assert (await client.call("GET", f"/workers?token={TOKEN}", token=None)).status == 401


async def test_p18_p19_the_lock_token_opens_its_own_job_until_it_is_finished(
    client: Client, endpoint: EndpointServer
) -> None:
    endpoint.script = hold
    await client.register("orders", endpoint.url, opts={"concurrency": 2})
    await client.add("orders", {"name": "n", "data": 1}, {"name": "n", "data": 1})
    first, second = await endpoint.take(2)
    routes = {"progress": 5, "logs": "row"}

    async def statuses(token: str | None) -> set[int]:
        path = f"/queues/orders/jobs/{first.job['id']}"
        replies = [await client.call("POST", f"{path}/{name}", body, token=token) for name, body in routes.items()]
        return {reply.status for reply in replies}

    assert await statuses(TOKEN) == {401}
    assert await statuses(second.token) == {401}
    assert await statuses(None) == {401}
    assert await statuses(first.token) == {200}
    for name, body in routes.items():
        reply = await client.call("POST", f"/queues/other/jobs/1/{name}", body, token=first.token)
        assert (reply.status, reply.text) == (401, "Unauthorized")
    first.respond(response({}))
    await client.finished("orders", first.job["id"])
    assert await statuses(first.token) == {401}
    assert await statuses(second.token) == {401}


async def test_p18_a_lock_token_is_not_an_api_token(client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    await client.register("orders", endpoint.url)
    await client.add("orders", {"name": "n", "data": 1})
    call = await endpoint.next()
    assert (await client.call("GET", "/queues/orders/jobs/1", token=call.token)).status == 401


SHORT = "queue name must be at least 3 characters long"
LONG = "queue name must be at most 100 characters long"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("ab", SHORT),
        ("%F0%9F%98%80", SHORT),
        ("a%20", SHORT),
        ("a" * 101, LONG),
        ("%F0%9F%98%80" * 51, LONG),
    ],
)
async def test_p20_names_too_short_or_too_long(client: Client, name: str, text: str) -> None:
    for method, path in AUTHED[:3] + AUTHED[5:6] + AUTHED[9:10]:
        reply = await client.call(method, path.replace("orders", name), b"not looked at")
        assert (reply.status, reply.text) == (400, text)


@pytest.mark.parametrize(("name", "text"), [("ab", SHORT), ("😀", SHORT), ("a" * 101, LONG), ("😀" * 51, LONG)])
async def test_p20_names_of_workers(client: Client, endpoint: EndpointServer, name: str, text: str) -> None:
    body = {"queue": name, "endpoint": {"url": endpoint.url, "method": "POST"}}
    reply = await client.call("POST", "/workers", body)
    assert (reply.status, reply.text) == (400, text)
    assert (await client.call("DELETE", "/workers/ab")).status == 404


@pytest.mark.parametrize("name", ["abc", "%F0%9F%98%80a", "a" * 100, "%F0%9F%98%80" * 50])
async def test_p20_lengths_are_utf_16_units(client: Client, name: str) -> None:
    assert (await client.call("POST", f"/queues/{name}/jobs", [])).status == 200


@pytest.mark.parametrize("name", ["a:b", ":::"])
async def test_p21_a_name_with_a_colon_is_400(client: Client, name: str) -> None:
    colon = "Queue name cannot contain :"
    for method, path in AUTHED[:3] + AUTHED[5:6] + AUTHED[9:10]:
        reply = await client.call(method, path.replace("orders", name), [])
        assert (reply.status, reply.text) == (400, colon)
    body = {"queue": "a:b", "endpoint": {"url": "http://x.y", "method": "POST"}}
    reply = await client.call("POST", "/workers", body)
    assert (reply.status, reply.text) == (400, colon)
