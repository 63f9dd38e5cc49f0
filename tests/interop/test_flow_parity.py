"""Flows that corral adds, prunes and shows are those of BullMQ 6's FlowProducer."""

import json
from typing import Any

import pytest
from redis import Redis

from tests.acceptance.client import Client
from tests.interop.child import Node
from tests.stores.redis.dumps import dump

NOW = 1_700_000_000_000
QUEUES = ("books", "pages", "lines")

Tree = dict[str, Any]


def job(name: str, queue: str, *children: Tree, **opts: Any) -> Tree:
    tree: Tree = {"name": name, "queueName": queue, "data": {"of": name}, "opts": {"timestamp": NOW, **opts}}
    return {**tree, "children": list(children)} if children else tree


DEEP = job(
    "book",
    "books",
    job("one", "pages", job("a", "lines"), job("b", "books"), job("c", "lines", lifo=True)),
    job("two", "pages", priority=5, failParentOnFailure=True),
    job("three", "pages", job("d", "lines", delay=1000, removeDependencyOnFailure=True), priority=2),
    attempts=3,
    backoff=250,
)
FLAGS = ("failParentOnFailure", "removeDependencyOnFailure", "ignoreDependencyOnFailure", "continueParentOnFailure")
TREES: dict[str, list[Tree]] = {
    "one job": [job("alone", "books", jobId="own", deduplication={"id": "d"})],
    "deep": [DEEP],
    "each flag": [job("book", "books", *(job(flag, "pages", **{flag: True}) for flag in FLAGS))],
    "several": [DEEP, job("second", "pages", job("e", "lines"), delay=500), job("third", "books", priority=1)],
    "own ids": [job("book", "books", job("x", "pages", jobId="x"), job("y", "pages", jobId="y"), jobId="book")],
    "options": [
        job("book", "books", job("kept", "pages", keepLogs=3, removeOnComplete=True, removeOnFail={"count": 5}))
    ],
}


class Sides:
    """The same moves by corral, under one prefix, and by Node, under another."""

    def __init__(self, client: Client, node: Node, redis: Any, prefix: str) -> None:
        self.client, self.node, self.redis = client, node, redis
        self.ours, self.theirs = prefix, f"{prefix}n"

    async def add(self, trees: list[Tree], with_all: bool = False) -> tuple[Any, Any]:
        """What each side shows after adding, in comparable form."""
        body: Any = trees if with_all else trees[0]
        compact = json.dumps(_for(self.ours, body), separators=(",", ":")).encode()
        reply = await self.client.call("POST", "/v1/flows", compact)
        assert reply.status == 201, reply
        code = "const added = await flows(prefix)[how](trees); return JSON.parse(JSON.stringify(added))"
        how = "addBulk" if with_all else "add"
        theirs = await self.node.run(code, prefix=self.theirs, how=how, trees=_for(self.theirs, body))
        return self.comparable(reply.json(), self.ours), self.comparable(theirs, self.theirs)

    async def both(self, method: str, path: str, code: str) -> None:
        reply = await self.client.call(method, path)
        assert reply.status < 300, reply
        await self.node.run(
            f"const q = name => queue(name, prefix, {{ skipMetasUpdate: true }}); {code}", prefix=self.theirs
        )

    async def shown(self, queue: str, job_id: str, **opts: Any) -> tuple[Any, Any]:
        query = "&".join(f"{name}={value}" for name, value in opts.items())
        ours = (await self.client.call("GET", f"/v1/flows/{queue}/{job_id}?{query}")).json()
        code = "return JSON.parse(JSON.stringify(await flows(prefix).getFlow({ queueName, id, ...opts })))"
        theirs = await self.node.run(code, prefix=self.theirs, queueName=queue, id=job_id, opts=opts)
        return self.comparable(ours, self.ours), self.comparable(theirs, self.theirs)

    def assert_alike(self) -> None:
        for queue in QUEUES:
            names = {prefix: self._names(prefix) for prefix in (self.ours, self.theirs)}
            ours, theirs = (
                _plain(dump(self.redis, f"{prefix}:{queue}:"), names[prefix]) for prefix in (self.ours, self.theirs)
            )
            theirs.get("meta", {}).pop("version", None)
            assert ours == theirs, queue

    def comparable(self, value: Any, prefix: str) -> Any:
        return _plain(_sorted_children(value), self._names(prefix))

    def _names(self, prefix: str) -> dict[str, str]:
        """What stands for what differs: generated ids become their jobs' names."""
        names = {f"{prefix}:": ""}
        for queue in QUEUES:
            for key in self.redis.scan_iter(f"{prefix}:{queue}:*", count=100_000, _type="HASH"):
                job_id = key.decode().rpartition(":")[2]
                if len(job_id) == 36:
                    names[job_id] = self.redis.hget(key, "name").decode()
        return names


@pytest.fixture
def sides(client: Client, node: Node, redis: Redis, prefix: str) -> Sides:
    return Sides(client, node, redis, prefix)


@pytest.mark.parametrize("trees", TREES.values(), ids=TREES.keys())
async def test_adding_a_tree(sides: Sides, trees: list[Tree]) -> None:
    for tree in trees:
        ours, theirs = await sides.add([tree])
        assert ours == theirs
    sides.assert_alike()


@pytest.mark.parametrize("trees", TREES.values(), ids=TREES.keys())
async def test_adding_all_trees_at_once(sides: Sides, trees: list[Tree]) -> None:
    ours, theirs = await sides.add(trees, with_all=True)
    assert ours == theirs
    sides.assert_alike()


async def test_jobs_that_are_there_join(sides: Sides) -> None:
    await sides.add([job("known", "pages", jobId="known")])
    ours, theirs = await sides.add([job("book", "books", job("again", "pages", jobId="known"), jobId="book")])
    assert ours == theirs
    await sides.add([job("below", "lines", parent={"id": "book", "queue": "PREFIX:books"})])
    sides.assert_alike()


@pytest.mark.parametrize("opts", [{}, {"priority": 4}, {"jobId": "p", "lifo": True}], ids=str)
@pytest.mark.parametrize("also_new", [False, True])
async def test_jobs_that_were_done_before_join(sides: Sides, opts: dict[str, Any], also_new: bool) -> None:
    await sides.add([job("done", "pages", jobId="done")])
    await sides.node.run(
        """
        for (const name of [ours, theirs]) {
          const one = worker('pages', name, null, { autorun: false, skipStalledCheck: true });
          const held = await one.getNextJob('token');
          await held.moveToCompleted({ ok: 1 }, 'token', false);
        }
        """,
        ours=sides.ours,
        theirs=sides.theirs,
    )
    new = [job("new", "pages", jobId="new")] if also_new else []
    await sides.add([job("book", "books", job("old", "pages", jobId="done"), *new, **opts)])
    for prefix in (sides.ours, sides.theirs):  # when the jobs ran
        for field in ("processedOn", "finishedOn"):
            sides.redis.hset(f"{prefix}:pages:done", field, 0)
        sides.redis.zadd(f"{prefix}:pages:completed", {"done": 0})
        sides.redis.hdel(f"{prefix}:pages:meta", "version")
    sides.assert_alike()


async def test_reading_a_tree(sides: Sides) -> None:
    deep = {**DEEP, "opts": {**DEEP["opts"], "jobId": "book"}}
    await sides.add([deep])
    for opts in ({}, {"depth": 1}, {"depth": 2}, {"depth": 3, "maxChildren": 20}):
        ours, theirs = await sides.shown("books", "book", **opts)
        assert _without_more(ours) == theirs, opts
        assert ("more" in json.dumps(ours)) == (opts.get("depth", 10) < 3)


async def test_cutting_off_children(sides: Sides) -> None:
    tree = job("book", "books", *(job(name, "pages", jobId=name) for name in "abc"), jobId="book")
    await sides.add([tree])
    path = "/v1/queues/pages/jobs/a/parent"
    await sides.both("DELETE", path, "await (await q('pages').getJob('a')).removeChildDependency()")
    sides.assert_alike()
    path = "/v1/queues/books/jobs/book/children"
    await sides.both("DELETE", path, "await (await q('books').getJob('book')).removeUnprocessedChildren()")
    sides.assert_alike()


def _for(prefix: str, trees: Any) -> Any:
    return json.loads(json.dumps(trees).replace("PREFIX", prefix))


def _plain(value: Any, names: dict[str, str]) -> Any:
    """Bytes as text, without prefixes and generated ids, so that it can be compared."""
    if isinstance(value, dict):
        return {_plain(key, names): _plain(item, names) for key, item in value.items()}
    if isinstance(value, list) and value and isinstance(value[0], tuple):  # the order of equal scores is that of ids
        return sorted(([_plain(member, names), score] for member, score in value), key=lambda pair: pair[::-1])
    if isinstance(value, list | tuple):
        return [_plain(item, names) for item in value]
    if isinstance(value, set):
        return sorted(_plain(item, names) for item in value)
    if isinstance(value, bytes):
        value = value.decode()
    if isinstance(value, str):
        for given, name in names.items():
            value = value.replace(given, name)
    return value


def _sorted_children(value: Any) -> Any:
    """The order of unfinished children is that of a set."""
    if isinstance(value, list):
        return [_sorted_children(item) for item in value]
    if isinstance(value, dict) and "children" in value:
        children = [_sorted_children(child) for child in value["children"]]
        return {**value, "children": sorted(children, key=lambda child: str(child["job"]["name"]))}
    return value


def _without_more(tree: Any) -> Any:
    kept = {name: value for name, value in tree.items() if name != "more"}
    if "children" in kept:
        kept["children"] = [_without_more(child) for child in kept["children"]]
    return kept
