"""Journals: rows in order, read from the newest back."""

from corral.store.store import Store


async def rows_come_newest_first_page_by_page(store: Store) -> None:
    await store.journals.append("audit", [b"1", b"2"], 100)
    await store.journals.append("audit", [b"3"], 100)
    await store.journals.append("other", [b"x"], 100)
    first = await store.journals.page("audit", None, 2)
    assert [row.content for row in first] == [b"3", b"2"]
    rest = await store.journals.page("audit", first[-1].id, 2)
    assert [row.content for row in rest] == [b"1"]
    assert await store.journals.page("audit", rest[-1].id, 2) == []


async def the_oldest_rows_make_room(store: Store) -> None:
    for number in range(40):
        await store.journals.append("audit", [b"%d.%d" % (number, each) for each in range(50)], 500)
    kept = await store.journals.page("audit", None, 5000)
    assert 500 <= len(kept) <= 1000
    assert kept[0].content == b"39.49"


async def a_forgotten_journal_is_empty(store: Store) -> None:
    await store.journals.append("audit", [b"1"], 100)
    await store.journals.forget(["audit", "never"])
    assert await store.journals.page("audit", None, 2) == []
