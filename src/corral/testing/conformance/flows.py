"""flows: trees are added whole, parents run after their children, and trees can be read and pruned."""

import itertools
from typing import Any

import msgspec

from corral.lifecycle.flow import add_flows, read_flow
from corral.model.errors import JobNotFound, NotInState
from corral.model.flow import FlowTree
from corral.policy.flow_plan import FlowRules, plan_flows
from corral.store.store import Store
from corral.testing.conformance.given import NOW, add, claim, complete, fail, ids

BOOKS, PAGES = "books", "pages"
_numbers = itertools.count()


class _Flow(msgspec.Struct, frozen=True):
    name: str
    queue_name: str
    children: "tuple[_Flow, ...]"
    opts: dict[str, Any]
    data: msgspec.Raw = msgspec.Raw(b"{}")
    prefix: str | None = None

    def options(self) -> dict[str, Any]:
        return self.opts


def _flow(name: str, queue: str = PAGES, *children: _Flow, **opts: Any) -> _Flow:
    return _Flow(name, queue, children, opts)


async def _add(store: Store, *flows: _Flow) -> list[FlowTree]:
    plan = plan_flows([("", flow) for flow in flows], FlowRules(store.prefix, 1, 100), lambda: f"id-{next(_numbers)}")
    return await add_flows(store, plan, NOW)


async def _state(store: Store, queue: str, job_id: str) -> str:
    return await store.job_details.state(queue, job_id)


async def a_parent_waits_for_its_children_in_other_queues(store: Store) -> None:
    (tree,) = await _add(store, _flow("book", BOOKS, _flow("one"), _flow("two", lifo=True)))
    assert await claim(store, 5, queue=BOOKS) == []
    held = await claim(store, 5, queue=PAGES)
    assert [one.job.name for one in held] == ["two", "one"]
    await complete(store, held[:1], queue=PAGES)
    assert await _state(store, BOOKS, tree.job.id) == "waiting-children"
    await complete(store, held[1:], queue=PAGES)
    (parent,) = await claim(store, 5, queue=BOOKS)
    assert parent.job.id == tree.job.id
    values = await store.children.values(BOOKS, tree.job.id)
    assert {key.rpartition(":")[2] for key in values} == {one.job.id for one in held}


async def what_is_shown_is_what_is_stored(store: Store) -> None:
    page = _flow("page", PAGES, _flow("line", PAGES, delay=5, jobId="l"), priority=3, jobId="p")
    added = await _add(store, _flow("book", BOOKS, page, jobId="b"))
    read = await read_flow(store, BOOKS, "b", 10, 20)
    assert _outline(read) == _outline(added[0]) == ("b", [("p", [("l", None)])])
    assert isinstance(read.children, list)
    assert read.children[0].job.parent_key == f"{store.prefix}:{BOOKS}:b"
    assert read.children[0].job.opts["parent"] == {"id": "b", "queue": f"{store.prefix}:{BOOKS}"}


async def several_trees_are_added_at_once(store: Store) -> None:
    trees = await _add(store, _flow("a", BOOKS, _flow("child")), _flow("b", BOOKS), _flow("c", BOOKS, _flow("child")))
    assert [tree.job.name for tree in trees] == ["a", "b", "c"]
    assert [one.job.name for one in await claim(store, 5, queue=BOOKS)] == ["b"]
    assert len(await ids(store, "waiting", PAGES)) == 2


async def a_job_joins_a_flow_as_it_is(store: Store) -> None:
    await add(store, {"jobId": "known"}, queue=PAGES)
    (tree,) = await _add(store, _flow("book", BOOKS, _flow("again", jobId="known")))
    held = await claim(store, 5, queue=PAGES)
    assert [one.job.name for one in held] == ["job 0"]
    await complete(store, await claim(store, 5, queue=PAGES) + held, queue=PAGES)
    assert await _state(store, BOOKS, tree.job.id) == "waiting"


async def a_child_that_was_done_before_does_not_let_the_parent_go_early(store: Store) -> None:
    await add(store, {"jobId": "done"}, queue=PAGES)
    await complete(store, await claim(store, 1, queue=PAGES), queue=PAGES)
    (tree,) = await _add(store, _flow("book", BOOKS, _flow("old", jobId="done"), _flow("new", jobId="new")))
    assert await _state(store, BOOKS, tree.job.id) == "waiting-children"
    await complete(store, await claim(store, 5, queue=PAGES), queue=PAGES)
    assert await _state(store, BOOKS, tree.job.id) == "waiting"


async def a_parent_whose_children_were_all_done_goes_on(store: Store) -> None:
    await add(store, {"jobId": "done"}, queue=PAGES)
    await complete(store, await claim(store, 1, queue=PAGES), queue=PAGES)
    old = _flow("old", jobId="done")
    await _add(store, _flow("book", BOOKS, old, jobId="p", priority=2))
    assert await _state(store, BOOKS, "p") == "prioritized"
    (claimed,) = await claim(store, 5, queue=BOOKS)
    assert claimed.job.id == "p"


async def nothing_is_stored_when_one_job_belongs_to_another_parent(store: Store) -> None:
    await _add(store, _flow("book", BOOKS, _flow("mine", jobId="mine")))
    try:
        await _add(store, _flow("other", BOOKS, _flow("free"), _flow("taken", jobId="mine")))
    except NotInState:
        assert len(await ids(store, "waiting-children", BOOKS)) == 1
        assert await ids(store, "waiting", PAGES) == ["mine"]
        return
    raise AssertionError("it was added")


async def nothing_is_stored_below_a_parent_that_is_not_there(store: Store) -> None:
    parent = {"id": "nobody", "queue": f"{store.prefix}:{BOOKS}"}
    try:
        await _add(store, _flow("free"), _flow("page", PAGES, _flow("line"), parent=parent))
    except JobNotFound:
        assert await ids(store, "waiting", PAGES) == []
        return
    raise AssertionError("it was added")


async def a_flow_hangs_below_a_job_that_is_there(store: Store) -> None:
    await _add(store, _flow("book", BOOKS, _flow("one", jobId="one"), jobId="b"))
    await _add(store, _flow("two", PAGES, jobId="two", parent={"id": "b", "queue": f"{store.prefix}:{BOOKS}"}))
    assert _outline(await read_flow(store, BOOKS, "b", 10, 20)) == ("b", [("one", None), ("two", None)])


async def reading_stops_at_the_depth_and_breadth_asked_for(store: Store) -> None:
    pages = [_flow(f"page {i}", PAGES, _flow("line")) for i in range(4)]
    await _add(store, _flow("book", BOOKS, *pages, jobId="b"))
    alone = await read_flow(store, BOOKS, "b", 1, 20)
    assert (_outline(alone), alone.more) == (("b", None), True)
    two = await read_flow(store, BOOKS, "b", 2, 3)
    assert isinstance(two.children, list)
    assert (len(two.children), two.more) == (3, True)
    assert all(child.children == two.children[0].children and child.more for child in two.children)
    whole = await read_flow(store, BOOKS, "b", 3, 4)
    assert isinstance(whole.children, list)
    assert not whole.more
    assert not any(child.more for child in whole.children)


async def jobs_that_are_gone_are_left_out(store: Store) -> None:
    pages = (_flow("kept", jobId="kept"), _flow("gone", jobId="gone", removeOnComplete=True))
    await _add(store, _flow("book", BOOKS, *pages, jobId="b"))
    held = await claim(store, 5, queue=PAGES)
    await complete(store, held, queue=PAGES)
    assert _outline(await read_flow(store, BOOKS, "b", 10, 20)) == ("b", [("kept", None)])
    try:
        await read_flow(store, BOOKS, "gone", 10, 20)
    except JobNotFound:
        return
    raise AssertionError("it is gone")


async def a_failed_child_counts_as_its_options_say(store: Store) -> None:
    expected = {
        "failParentOnFailure": "failed",
        "ignoreDependencyOnFailure": "waiting",
        "removeDependencyOnFailure": "waiting",
        "continueParentOnFailure": "waiting",
        "lifo": "waiting-children",
    }
    for option in expected:
        child = _flow("child", PAGES, **{option: True})
        await _add(store, _flow("book", BOOKS, child, jobId=option))
        await fail(store, await claim(store, 1, queue=PAGES), queue=PAGES)
    failed = await claim(store, 9, queue=BOOKS)  # whoever claims the parent is told to fail it
    found = {option: await _state(store, BOOKS, option) for option in expected}
    condemned = {one.job.id for one in failed if one.deferred_failure}
    assert condemned == {"failParentOnFailure"}
    assert found == {name: "active" if state in ("waiting", "failed") else state for name, state in expected.items()}
    ignored = await store.children.ignored_failures(BOOKS, "ignoreDependencyOnFailure")
    assert list(ignored.values()) == ["broken"]


async def unprocessed_children_are_removed(store: Store) -> None:
    pages = [_flow("one", lifo=True), _flow("two", PAGES, _flow("line")), _flow("three")]
    await _add(store, _flow("book", BOOKS, *pages, jobId="b"))
    held = await claim(store, 1, queue=PAGES)
    await store.flows.remove_unprocessed_children(BOOKS, "b")
    assert await ids(store, "waiting", PAGES) == await ids(store, "waiting-children", PAGES) == []
    assert await _state(store, BOOKS, "b") == "waiting-children"
    await complete(store, held, queue=PAGES)
    assert await _state(store, BOOKS, "b") == "waiting"


async def a_child_can_leave_its_parent(store: Store) -> None:
    await _add(store, _flow("book", BOOKS, _flow("one", jobId="one"), _flow("two", jobId="two"), jobId="b"))
    assert await store.flows.remove_child_dependency(PAGES, "one")
    assert not await store.flows.remove_child_dependency(PAGES, "one")
    assert await _state(store, BOOKS, "b") == "waiting-children"
    assert await store.flows.remove_child_dependency(PAGES, "two")
    assert await _state(store, BOOKS, "b") == "waiting"
    assert await ids(store, "waiting", PAGES) == ["one", "two"]


async def a_parent_goes_on_when_its_last_children_are_removed(store: Store) -> None:
    await _add(store, _flow("book", BOOKS, _flow("done"), _flow("two", PAGES, _flow("line")), jobId="b", priority=4))
    held = await claim(store, 1, queue=PAGES)
    await complete(store, held, queue=PAGES)
    await store.flows.remove_unprocessed_children(BOOKS, "b")
    (parent,) = await claim(store, 1, queue=BOOKS)
    await complete(store, [parent], queue=BOOKS)
    assert await _state(store, BOOKS, "b") == "completed"


async def a_child_that_is_done_stays_its_parents(store: Store) -> None:
    await _add(store, _flow("book", BOOKS, _flow("one", jobId="one"), _flow("two", jobId="two"), jobId="b"))
    held = await claim(store, 1, queue=PAGES)
    await complete(store, held, queue=PAGES)
    assert not await store.flows.remove_child_dependency(PAGES, held[0].job.id)
    assert await _state(store, BOOKS, "b") == "waiting-children"
    assert len(await store.children.values(BOOKS, "b")) == 1


async def a_child_of_nobody_is_waited_for_by_nobody(store: Store) -> None:
    await _add(store, _flow("book", BOOKS, _flow("one", jobId="one"), jobId="b"))
    await store.job_moves.remove(BOOKS, "b", False)
    try:
        await store.flows.remove_child_dependency(PAGES, "one")
    except JobNotFound:
        return
    raise AssertionError("its parent is gone")


async def a_parent_outside_waits_for_all_that_are_added(store: Store) -> None:
    """Though the first of them was done before."""
    await add(store, {"jobId": "done"}, queue=PAGES)
    await complete(store, await claim(store, 1, queue=PAGES), queue=PAGES)
    await _add(store, _flow("book", BOOKS, _flow("gone", jobId="gone"), jobId="b"))
    await claim(store, 1, queue=PAGES)
    parent = {"id": "b", "queue": f"{store.prefix}:{BOOKS}"}
    await store.flows.remove_child_dependency(PAGES, "gone")
    await _add(store, _flow("book", BOOKS, _flow("old", jobId="x"), jobId="c"))
    parent["id"] = "c"
    await _add(store, *(_flow("page", PAGES, jobId=name, parent=parent) for name in ("done", "new")))
    assert await _state(store, BOOKS, "c") == "waiting-children"
    assert await store.children.counts(BOOKS, "c", ["processed", "unprocessed"]) == {"processed": 1, "unprocessed": 2}


async def what_is_no_job_has_no_family(store: Store) -> None:
    for question in (store.flows.remove_unprocessed_children, store.flows.remove_child_dependency):
        try:
            await question(BOOKS, "nobody")
        except JobNotFound:
            continue
        raise AssertionError(question)


def _outline(tree: FlowTree) -> Any:
    below = tree.children
    return (tree.job.id, sorted(map(_outline, below)) if isinstance(below, list) else None)
