"""Jobs on the native surface: adding them, running them by hand, and reading refusals."""

from typing import Any

from tests.acceptance.client import UNSET, Client, Reply

JOBS = "/v1/queues/mail/jobs"


async def made(client: Client, *jobs: Any) -> list[str]:
    """The ids of new jobs; each is given by what is special about it."""
    reply = await client.call("POST", JOBS, [{"name": "n", "data": {"x": 1}} | one for one in jobs])
    assert reply.status == 201, reply.text
    return [job["id"] for job in reply.json()]


async def held(client: Client, count: int = 1, wait: float = 0) -> list[dict[str, str]]:
    """Claimed jobs, as their leases are named when they end."""
    reply = await client.call("POST", "/v1/queues/mail/leases", {"count": count, "wait": wait})
    assert reply.status == 200, reply.text
    return [{"id": one["job"]["id"], "token": one["token"]} for one in reply.json()["leases"]]


async def completed(client: Client, lease: dict[str, str], result: Any = "done") -> None:
    await _ended(client, "complete", lease | {"result": result})


async def failed(client: Client, lease: dict[str, str], reason: str = "broken") -> None:
    """For good."""
    await _ended(client, "fail", lease | {"reason": reason, "retry": False})


async def say(client: Client, method: str, path: str, body: Any = UNSET, *, status: int = 204) -> Any:
    """The decoded answer to a call on `JOBS`, whose status must be this one; None without a body."""
    reply = await client.call(method, f"{JOBS}{path}", body)
    assert reply.status == status, reply
    return reply.json() if reply.body else None


async def refused(client: Client, method: str, path: str, body: Any = UNSET) -> tuple[int, str]:
    """The status and the code of a refusal."""
    return said(await client.call(method, f"{JOBS}{path}", body))


def said(reply: Reply) -> tuple[int, str]:
    assert reply.headers["content-type"] == "application/problem+json", reply
    problem = reply.json()
    assert problem["status"] == reply.status
    return reply.status, problem["type"].rpartition("#")[2]


def places(reply: Reply) -> list[str]:
    """What the refusal points to."""
    assert said(reply) == (400, "invalid-input"), reply
    return [one.get("pointer") or one["parameter"] for one in reply.json()["errors"]]


async def state(client: Client, job_id: str) -> str:
    found: str = (await say(client, "GET", f"/{job_id}/state", status=200))["state"]
    return found


async def _ended(client: Client, how: str, item: dict[str, Any]) -> None:
    reply = await client.call("POST", f"/v1/queues/mail/leases/{how}", {"items": [item]})
    assert reply.json()["results"][0]["ok"], reply
