"""The children of a job: what became of each, and where to find those that are not finished."""

from corral.model.errors import InvalidInput
from corral.model.job import NewJob
from corral.store.children import CHILD_KINDS, ChildPage
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, fail

IGNORED: dict[str, object] = {"ignoreDependencyOnFailure": True}


async def they_are_told_apart(store: Store) -> None:
    parent, qualified = await _family(store, {}, IGNORED, {})
    done, ignored, waiting = (f"{qualified}:{id}" for id in ("2", "3", "4"))
    held = await claim(store, 2)
    await complete(store, held[:1])
    await fail(store, held[1:])
    values = await store.children.values(QUEUE, parent)
    assert {child: bytes(value) for child, value in values.items()} == {done: b'"done"'}
    assert await store.children.ignored_failures(QUEUE, parent) == {ignored: "broken"}
    counts = await store.children.counts(QUEUE, parent, CHILD_KINDS)
    assert counts == {"processed": 1, "unprocessed": 1, "ignored": 1, "failed": 0}
    page = await store.children.page(QUEUE, parent, CHILD_KINDS, None, 10)
    assert isinstance(page.processed, dict)
    assert (list(page.processed), page.unprocessed, page.ignored) == ([done], [waiting], {ignored: "broken"})
    assert (page.failed, page.cursor) == ([], None)


async def only_the_kinds_asked_for_are_shown(store: Store) -> None:
    parent, _ = await _family(store, {})
    page = await store.children.page(QUEUE, parent, ["processed"], None, 10)
    assert page == ChildPage(processed={})
    assert await store.children.counts(QUEUE, parent, ["unprocessed"]) == {"unprocessed": 1}


async def many_come_in_pages(store: Store) -> None:
    parent, qualified = await _family(store, *[{} for _ in range(1500)])
    seen: list[str] = []
    cursor = None
    pages = 0
    while cursor is not None or not pages:
        page = await store.children.page(QUEUE, parent, ["unprocessed", "processed"], cursor, 100)
        assert isinstance(page.unprocessed, list)
        seen += page.unprocessed
        cursor = page.cursor
        pages += 1
    assert set(seen) == {f"{qualified}:{id}" for id in range(2, 1502)}
    assert pages > 2


async def a_foreign_cursor_is_refused(store: Store) -> None:
    parent, _ = await _family(store, {})
    for cursor in ("", "x", "eyJzY2FubmVkIjp7InByb2Nlc3NlZCI6Ii0xIn19", "e30", "\u00e4"):
        try:
            await store.children.page(QUEUE, parent, ["processed"], cursor, 10)
        except InvalidInput:
            continue
        raise AssertionError(f"{cursor!r} was taken")


async def _family(store: Store, *children: dict[str, object]) -> tuple[str, str]:
    """The parent's id, which is 1, and what leads the names of its children, whose ids are 2, 3, ..."""
    qualified = f"{store.prefix}:{QUEUE}"
    (parent,) = await add(store, {"delay": 60_000})
    below = {"attempts": 0, "parent": {"id": parent, "queue": qualified}}
    await store.jobs.add(QUEUE, [NewJob("child", b"{}", {**below, **one}) for one in children], NOW)
    return parent, qualified
