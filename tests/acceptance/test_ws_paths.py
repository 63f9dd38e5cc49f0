import pytest
from websockets.exceptions import InvalidStatus

from corral.testing.server import TOKEN, RunningServer
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.sockets import opened

PREFIXES = ["/queue", "/queues", "/ws/queue", "/ws/queues"]
KINDS = ["", "/process/1", "/events"]
FORMS = ["?token={}", "?authKey={}", "?events=a%2Cb&token={}"]


@pytest.mark.parametrize("prefix", PREFIXES)
async def test_p61_every_prefix_opens_every_kind_of_socket(server: RunningServer, prefix: str) -> None:
    async with (
        opened(server, f"{prefix}/mail") as queue,
        opened(server, f"{prefix}/mail/process/2") as worker,
        opened(server, f"{prefix}/mail/events") as events,
    ):
        await events.ok("on", "completed")
        assert (await queue.ok("add", "welcome", {"to": "ann"}))["id"] == "1"
        number, payload = await worker.job()
        assert payload == {"to": "ann"}
        await worker.answer(number, result="sent")
        assert (await events.event())[1][0] == {"jobId": "1", "returnvalue": "sent", "prev": "active"}


@pytest.mark.parametrize("path", ["/ws", "/queues", "/queues//events", "/queues/mail/", "/ws/ws/queues/mail"])
async def test_p61_other_paths_are_not_found(server: RunningServer, path: str) -> None:
    with pytest.raises(InvalidStatus, match="404"):
        async with opened(server, path):
            pass


async def test_p61_names_are_decoded_and_as_short_as_one_letter(server: RunningServer, client: Client) -> None:
    async with opened(server, "/ws/queues/a%20b%7Bc%7D") as socket:
        await socket.ok("add", "welcome", {"to": "ann"})
    assert (await client.counts("a%20b%7Bc%7D"))["waiting"] == 1
    async with opened(server, "/queues/q") as socket:
        assert (await socket.ok("add", "welcome", {}))["queueQualifiedName"].endswith(":q")


async def test_p61_a_name_with_a_colon_is_refused(server: RunningServer) -> None:
    async with opened(server, "/queues/a:b") as socket:
        assert await socket.close_code() == 1008
        assert socket.connection.close_reason == "Queue name cannot contain :"


async def test_p61_plain_http_there_is_an_answer_too(client: Client) -> None:
    reply = await client.call("GET", "/ws/queues/mail")
    assert (reply.status, reply.text) == (426, "Upgrade failed :(")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.one_engine
async def test_p62_the_token_may_be_in_the_query(server: RunningServer, kind: str, form: str) -> None:
    async with opened(server, f"/queues/mail{kind}{form.format(TOKEN)}") as socket:
        await (await socket.connection.ping())


@pytest.mark.parametrize("kind", KINDS)
async def test_p62_the_token_may_be_in_the_header(server: RunningServer, kind: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with opened(server, f"/queues/mail{kind}?", additional_headers=headers) as socket:
        await (await socket.connection.ping())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("form", ["?", "?token=", *FORMS])
@pytest.mark.one_engine
async def test_p62_no_or_a_bad_token_is_told_by_close_code_4000(server: RunningServer, kind: str, form: str) -> None:
    async with opened(server, f"/queues/mail{kind}{form.format('wrong')}") as socket:
        assert await socket.close_code() == 4000
        assert socket.connection.close_reason == "Invalid authentication"


async def test_p62_a_bad_header_is_refused_and_hears_nothing(server: RunningServer, client: Client) -> None:
    await client.add("mail", {"name": "welcome", "data": {"to": "ann"}})
    headers = {"Authorization": "Bearer wrong"}
    async with opened(server, "/queues/mail/process/1?", additional_headers=headers) as socket:
        assert await socket.close_code() == 4000
    assert (await client.counts("mail"))["waiting"] == 1


async def test_p62_without_configured_tokens_nobody_may(serve: Serve) -> None:
    server = await serve(auth_tokens=())
    async with opened(server, "/queues/mail?token=") as socket:
        assert await socket.close_code() == 4000
