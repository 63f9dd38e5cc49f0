"""Flows over HTTP and the queue socket."""

from typing import Any

import pytest

from corral.testing.server import RunningServer
from tests.acceptance.client import Client, Reply
from tests.acceptance.sockets import opened

TREE: dict[str, Any] = {
    "name": "publish",
    "queueName": "books",
    "data": {"title": "Äpfel"},
    "opts": {"jobId": "book"},
    "children": [
        {"name": "print", "queueName": "pages", "opts": {"failParentOnFailure": True, "delay": 60_000}},
        {"name": "bind", "queueName": "pages", "children": [{"name": "glue", "queueName": "books"}]},
    ],
}


async def add(client: Client, body: Any) -> Reply:
    return await client.call("POST", "/v1/flows", body)


def outline(tree: dict[str, Any]) -> Any:
    return tree["job"]["name"], sorted(outline(child) for child in tree.get("children", []))


def problem(reply: Reply) -> tuple[str, str]:
    assert (reply.status, reply.json()["type"]) == (400, "/docs/problems#invalid-input"), reply
    return reply.json()["errors"][0]["pointer"], reply.json()["detail"]


async def test_a_tree_is_added_and_shown(client: Client, prefix: str) -> None:
    reply = await add(client, TREE)
    assert reply.status == 201, reply
    added = reply.json()
    assert (added["job"]["id"], added["job"]["data"]) == ("book", {"title": "Äpfel"})
    child = added["children"][0]["job"]
    assert child["parentKey"] == f"{prefix}:books:book"
    assert child["parent"] == {"id": "book", "queueKey": f"{prefix}:books", "fpof": True}
    shown = (await client.call("GET", "/v1/flows/books/book")).json()
    expected: Any = ("publish", [("bind", [("glue", [])]), ("print", [])])
    assert outline(shown) == outline(added) == expected
    assert "more" not in shown
    assert await client.counts("pages", "delayed") == {"delayed": 1}


async def test_depth_and_children_are_limited(client: Client) -> None:
    await add(client, TREE)
    alone = (await client.call("GET", "/v1/flows/books/book?depth=1")).json()
    assert (alone.keys(), alone["more"]) == ({"job", "more"}, True)
    two = (await client.call("GET", "/v1/flows/books/book?depth=2&maxChildren=1")).json()
    assert (len(two["children"]), two["more"]) == (1, True)
    for query in ("depth=0", "depth=51", "maxChildren=0", "maxChildren=1001", "depth=x", "width=3"):
        reply = await client.call("GET", f"/v1/flows/books/book?{query}")
        assert reply.status == 400, query


async def test_many_trees_in_one_request(client: Client) -> None:
    reply = await add(client, [{"name": "a", "queueName": "books"}, TREE])
    assert [tree["job"]["name"] for tree in reply.json()] == ["a", "publish"]
    assert (await add(client, [])).json() == []


@pytest.mark.parametrize(
    ("tree", "pointer", "detail"),
    [
        (5, "#", "Expected `object | array`, got `int`"),
        ({"name": "a"}, "#", "Object missing required field `queueName`"),
        ({"name": "", "queueName": "books"}, "#/name", "Expected `str` of length >= 1"),
        ({"name": "a", "queueName": "no"}, "#/queueName", "queue name must be at least 3 characters long"),
        ({"name": "a", "queueName": "a:b:c"}, "#/queueName", "Queue name cannot contain :"),
        ({"name": "a", "queueName": "books", "prefix": "other"}, "#/prefix", None),
        ({"name": "a", "queueName": "books", "child": []}, "#", "Object contains unknown field `child`"),
        ({"name": "a", "queueName": "books", "opts": {"delay": -1}}, "#/opts/delay", "Expected `int` >= 0"),
        ({"name": "a", "queueName": "books", "opts": {"jobId": "5"}}, "#/opts/jobId", "Custom Id cannot be integers"),
        ({"name": "a", "queueName": "books", "opts": {"repeat": {"every": 5}}}, "#/opts/repeat", None),
    ],
)
@pytest.mark.one_engine
async def test_what_is_wrong_is_pointed_to(client: Client, tree: Any, pointer: str, detail: str | None) -> None:
    found = problem(await add(client, tree))
    assert found == (pointer, detail or found[1])
    inside = {"name": "top", "queueName": "books", "children": [{"name": "first", "queueName": "books"}, tree]}
    found = problem(await add(client, [inside]))
    assert found[0] == "#/0/children/1" + pointer[1:]
    assert await client.counts("books", "waiting,active,delayed,completed,failed") == {
        **dict.fromkeys(("waiting", "active", "delayed", "completed", "failed", "paused"), 0)
    }


async def test_combinations_that_no_engine_could_act_on(client: Client) -> None:
    def child(**opts: Any) -> dict[str, Any]:
        return {"name": "c", "queueName": "pages", "opts": opts}

    def parent(*children: Any, **opts: Any) -> dict[str, Any]:
        return {"name": "p", "queueName": "books", "opts": opts, "children": list(children)}

    flags = {"failParentOnFailure": True, "ignoreDependencyOnFailure": True}
    assert problem(await add(client, parent(child(**flags))))[0] == "#/children/0/opts"
    deduplication = {"deduplication": {"id": "d"}}
    assert problem(await add(client, parent(child(), **deduplication)))[0] == "#/opts/deduplication"
    assert problem(await add(client, parent(child(**deduplication))))[0] == "#/children/0/opts"
    twice = parent(child(jobId="x"), child(jobId="x"))
    assert problem(await add(client, twice)) == ("#/children/1/opts/jobId", "jobId x is there twice")


async def test_a_flow_has_bounds(client: Client) -> None:
    leaf: dict[str, Any] = {"name": "c", "queueName": "pages"}
    assert (await add(client, {**leaf, "children": [leaf] * 999})).status == 201
    assert problem(await add(client, {**leaf, "children": [leaf] * 1000}))[1] == "More than 1000 jobs in one request"
    deep = leaf
    for _ in range(49):
        deep = {**leaf, "children": [deep]}
    assert (await add(client, deep)).status == 201
    assert problem(await add(client, {**leaf, "children": [deep]}))[1] == "More than 50 levels"
    bottomless = b'{"name":"c","queueName":"pages","children":[' * 5000 + b"]}" * 5000
    assert (await add(client, bottomless)).status == 400


async def test_parents_that_are_not_there(client: Client, prefix: str) -> None:
    outside = {**TREE, "opts": {"parent": {"id": "nobody", "queue": f"{prefix}:books"}}}
    reply = await add(client, outside)
    assert (reply.status, reply.json()["type"]) == (404, "/docs/problems#job-not-found")
    assert (await client.call("GET", "/v1/flows/books/nobody")).status == 404


async def test_a_job_of_another_parent_is_a_conflict(client: Client) -> None:
    child = {"name": "c", "queueName": "pages", "opts": {"jobId": "child"}}
    assert (await add(client, {"name": "p", "queueName": "books", "children": [child]})).status == 201
    reply = await add(client, {"name": "q", "queueName": "books", "children": [child]})
    assert (reply.status, reply.json()["type"]) == (409, "/docs/problems#not-in-state")
    assert (await client.counts("books", "waiting")) == {"waiting": 0, "paused": 0}


async def test_children_can_be_cut_off(client: Client) -> None:
    tree = {**TREE, "children": [{"name": "c", "queueName": "pages", "opts": {"jobId": i}} for i in ("a", "b", "c")]}
    await add(client, tree)
    path = "/v1/queues/pages/jobs/a/parent"
    assert (await client.call("DELETE", path)).json() == {"removed": True}
    assert (await client.call("DELETE", path)).json() == {"removed": False}
    assert (await client.call("DELETE", "/v1/queues/pages/jobs/none/parent")).status == 404
    assert (await client.call("DELETE", "/v1/queues/books/jobs/book/children")).status == 204
    assert (await client.counts("pages", "waiting"))["waiting"] == 1
    assert (await client.counts("books", "waiting"))["waiting"] == 1
    assert (await client.call("DELETE", "/v1/queues/books/jobs/none/children")).status == 404


async def test_the_functions_of_the_socket(client: Client, server: RunningServer, prefix: str) -> None:
    async with opened(server, "/queues/books") as queue:
        defaults = {"queuesOptions": {"pages": {"defaultJobOptions": {"attempts": 7}}}}
        added = await queue.ok("addFlow", TREE, defaults)
        assert [child["job"]["opts"]["attempts"] for child in added["children"]] == [7, 7]
        assert added["job"]["opts"] == {"attempts": 0, "jobId": "book"}
        both = await queue.ok("addBulkFlows", [{"name": "a", "queueName": "pages", "opts": {"jobId": "a"}}])
        assert [tree["job"]["id"] for tree in both] == ["a"]
        assert outline(await queue.ok("getFlow", {"id": "book", "depth": 5})) == outline(added)
        other = await queue.ok("getFlow", {"id": "a", "queueName": "pages", "maxChildren": 3})
        assert other["job"]["id"] == "a"
        glued = added["children"][1]["children"][0]["job"]["id"]
        assert await queue.ok("removeChildDependency", glued) is True
        assert await queue.ok("removeUnprocessedChildren", "book") is None
        assert "err" in await queue.call("getFlow", {"id": "book", "queueName": "x"})
        assert "err" in await queue.call("addFlow", {"name": "x"})
