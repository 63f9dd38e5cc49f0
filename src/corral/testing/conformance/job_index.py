"""The index of job cards: found by metadata, application, queue, state and time, newest first."""

from typing import Any

from corral.model.errors import InvalidInput
from corral.model.job_card import Filter, JobCard
from corral.store.job_index import NOTES_KEPT, CardQuery
from corral.store.store import Store
from corral.testing.conformance.given import NOW, add, claim, complete, fail

_OTHER = "another"


async def a_card_is_found_by_queue_and_id(store: Store) -> None:
    card = JobCard("mail", "a", "app", NOW, {"big": 3.5, "deep": {"x": [1, None]}}, {"*": "http://a.example"})
    await store.job_index.put([card, JobCard("mail", "b", "app", NOW)])
    assert await store.job_index.cards([("mail", "a"), ("mail", "c"), (_OTHER, "b")]) == [card, None, None]


async def a_card_is_found_by_id_alone(store: Store) -> None:
    await store.job_index.put([JobCard("mail", "a", "app", NOW), JobCard(_OTHER, "b", "app", NOW)])
    found = await store.job_index.find(["b", "a", "c", "b"])
    assert [card and card.queue for card in found] == [_OTHER, "mail", None, _OTHER]
    assert await store.job_index.find([]) == []


async def of_two_jobs_with_one_id_the_first_is_found(store: Store) -> None:
    await store.job_index.put([JobCard("mail", "1", "app", NOW)])
    await store.job_index.put([JobCard(_OTHER, "1", "app", NOW)])
    [card] = await store.job_index.find(["1"])
    assert card is not None
    assert card.queue == "mail"


async def changes_are_merged_member_by_member(store: Store) -> None:
    index = store.job_index
    await index.put([JobCard("mail", "a", "app", NOW, {"x": 1, "y": 2}, {"failed": "http://f.example"})])
    changes = {"metadata": {"y": 3, "z": 4}, "webhooks": {"*": "http://all.example"}, "started_at": NOW + 5}
    card = await index.merge("mail", "a", changes)
    assert card is not None
    assert card.metadata == {"x": 1, "y": 3, "z": 4}
    assert card.webhooks == {"failed": "http://f.example", "*": "http://all.example"}
    assert (card.application, card.started_at) == ("app", NOW + 5)
    assert await index.cards([("mail", "a")]) == [card]
    assert await index.merge("mail", "b", changes) is None


async def notes_stay_with_their_card(store: Store) -> None:
    index = store.job_index
    await index.put([JobCard("mail", "a", "app", NOW)])
    for number in range(NOTES_KEPT + 5):
        await index.merge("mail", "a", {}, b"%d" % number)
    await index.merge("mail", "a", {"metadata": {"x": 1}})
    assert await index.notes("mail", "a") == [b"%d" % number for number in range(5, NOTES_KEPT + 5)]
    assert await index.notes("mail", "b") == []
    await index.remove([("mail", "a")])
    assert await index.notes("mail", "a") == []


async def what_changed_is_searched_as_it_is_now(store: Store) -> None:
    await _given(store, {"x": 1, "same": True})
    await store.job_index.merge("mail", "0", {"metadata": {"x": 2}})
    assert await _found(store, x=1) == []
    assert await _found(store, x=2) == ["0"]
    assert await _found(store, same="true") == ["0"]


async def all_conditions_must_hold(store: Store) -> None:
    await _given(store, {"a": "1", "b": "2"}, {"a": "1"}, {"b": "2", "a": "x"}, {"a": "1", "b": "2", "c": "3"})
    assert await _found(store, a="1") == ["3", "1", "0"]
    assert await _found(store, a="1", b="2") == ["3", "0"]
    assert await _found(store, a="1", b="2", c="3") == ["3"]
    assert await _found(store, a="1", c="4") == []


async def scalars_compare_by_their_text(store: Store) -> None:
    await _given(
        store, {"x": 3}, {"x": "3"}, {"x": 3.0}, {"x": True}, {"x": "true"}, {"x": 2.5}, {"x": None}, {"x": [3]}
    )
    assert await _found(store, x="3") == ["2", "1", "0"]
    assert await _found(store, x=3) == ["2", "1", "0"]
    assert await _found(store, x=True) == ["4", "3"]
    assert await _found(store, x="2.5") == ["5"]
    assert await _found(store, x="null") == []


async def names_and_texts_are_not_mixed_up(store: Store) -> None:
    await _given(store, {"a:1": "b"}, {"a": "1:b"}, {"": "é ☃"}, {"a=": "=b"})
    assert await _found(store, **{"a:1": "b"}) == ["0"]
    assert await _found(store, a="1:b") == ["1"]
    assert await _found(store, **{"": "é ☃"}) == ["2"]
    assert await _found(store, **{"a=": "=b"}) == ["3"]
    assert await _found(store, a="=b") == []


async def one_of_several_values_is_enough(store: Store) -> None:
    await _given(store, {"x": 1}, {"x": 2}, {"x": 3}, {"x": 1, "y": "z"})
    assert await _ids(store, CardQuery(filters=(Filter("x", [1, "2", 1], "in"),))) == ["3", "1", "0"]
    both = (Filter("x", [1, 2], "in"), Filter("y", "z"))
    assert await _ids(store, CardQuery(filters=both)) == ["3"]


async def ranges_of_numbers_and_of_texts(store: Store) -> None:
    await _given(store, {"x": 1}, {"x": 10}, {"x": 9.5}, {"x": "5"}, {"x": "2026-01-02"}, {"x": -1}, {"x": True})
    assert await _ids(store, _ranges(("gte", 1))) == ["2", "1", "0"]
    assert await _ids(store, _ranges(("gt", 1), ("lt", 10))) == ["2"]
    assert await _ids(store, _ranges(("gte", 1), ("lte", 10), ("gt", 0))) == ["2", "1", "0"]
    assert await _ids(store, _ranges(("lt", 1))) == ["5"]
    assert await _ids(store, _ranges(("gte", "2026"), ("lt", "2027"))) == ["4"]
    assert await _ids(store, _ranges(("gt", "2026-01-02"))) == ["3"]
    assert await _ids(store, _ranges(("lte", "2026-01-02"))) == ["4"]


async def strings_are_found_by_their_beginning(store: Store) -> None:
    await _given(store, {"x": "order-1"}, {"x": "order-2"}, {"x": "Order-3"}, {"x": 5}, {"x": "ordés"}, {"x": "or%"})
    assert await _ids(store, CardQuery(filters=(Filter("x", "order-", "prefix"),))) == ["1", "0"]
    assert await _ids(store, CardQuery(filters=(Filter("x", "ordé", "prefix"),))) == ["4"]
    assert await _ids(store, CardQuery(filters=(Filter("x", "or%", "prefix"),))) == ["5"]
    assert await _ids(store, CardQuery(filters=(Filter("x", "", "prefix"),))) == ["5", "4", "2", "1", "0"]


async def conditions_that_make_no_sense_are_refused(store: Store) -> None:
    for one in (Filter("x", [1]), Filter("x", 1, "in"), Filter("x", 1, "prefix"), Filter("x", True, "gt")):
        assert await _is_refused(store, CardQuery(filters=(one,)), None)
    assert await _is_refused(store, CardQuery(), "nonsense")


async def only_cards_of_the_application_and_the_queues(store: Store) -> None:
    await _put(store, "mail", "0", "one")
    await _put(store, _OTHER, "1", "two")
    await _put(store, "mail", "2", "two")
    assert await _ids(store, CardQuery()) == ["2", "1", "0"]
    assert await _ids(store, CardQuery(application="two")) == ["2", "1"]
    assert await _ids(store, CardQuery(application="two", queues=("mail",))) == ["2"]
    assert await _ids(store, CardQuery(queues=(_OTHER, "mail", "none"))) == ["2", "1", "0"]
    assert await _ids(store, CardQuery(queues=())) == []
    assert await _ids(store, CardQuery(application="three")) == []


async def only_cards_submitted_in_the_time(store: Store) -> None:
    for number in range(5):
        await _put(store, "mail", str(number), "app")
    assert await _ids(store, CardQuery(submitted=(NOW + 1, NOW + 3))) == ["2", "1"]
    assert await _ids(store, CardQuery(submitted=(None, NOW + 2))) == ["1", "0"]
    assert await _ids(store, CardQuery(submitted=(NOW + 4, None))) == ["4"]


async def cards_come_with_the_states_of_their_jobs(store: Store) -> None:
    options: list[dict[str, Any]] = [{}, {}, {}, {}, {"delay": 60_000}, {"priority": 3}]
    await _given(store, *({"x": 1} for _ in options), options=options)
    await complete(store, await claim(store, 1, queue="mail"), queue="mail")
    await fail(store, await claim(store, 1, queue="mail"), queue="mail")
    await claim(store, 1, queue="mail")
    page = await store.job_index.page(CardQuery(), None, 10)
    states = dict(zip([card.job_id for card in page.cards], page.states, strict=True))
    assert states == {
        "0": "completed", "1": "failed", "2": "active", "3": "waiting", "4": "delayed", "5": "prioritized",
    }  # fmt: skip
    for job_id, state in states.items():
        assert await _ids(store, CardQuery(states=(state,), filters=(Filter("x", 1),))) == [job_id]
    assert await _ids(store, CardQuery(states=("waiting", "prioritized", "failed"))) == ["5", "3", "1"]


async def a_card_without_a_job_is_on_no_page(store: Store) -> None:
    await _given(store, {"x": 1}, {"x": 1})
    await store.job_index.put([JobCard("mail", "9", "app", NOW, {"x": 1})])
    await store.job_moves.remove("mail", "0", False)
    assert await _found(store, x=1) == ["1"]
    assert await _ids(store, CardQuery()) == ["1"]


async def a_sweep_takes_away_cards_of_jobs_that_are_gone(store: Store) -> None:
    old = 1_700_000_000_000
    await _given(store, *({"x": n} for n in range(6)), at=old)
    for job_id in ("1", "4"):
        await store.job_moves.remove("mail", job_id, False)
    assert sum([await store.job_index.sweep(2) for _ in range(5)]) == 2
    cards = await store.job_index.cards([("mail", str(number)) for number in range(6)])
    assert [card is None for card in cards] == [False, True, False, False, True, False]
    assert await store.job_index.find(["1"]) == [None]


async def a_removed_card_is_gone(store: Store) -> None:
    await _given(store, {"x": 1}, {"x": 1})
    await store.job_index.remove([("mail", "0"), ("mail", "8")])
    assert await store.job_index.cards([("mail", "0")]) == [None]
    assert await store.job_index.find(["0"]) == [None]
    assert await _found(store, x=1) == ["1"]


async def pages_follow_each_other(store: Store) -> None:
    for number in range(23):
        await _put(store, ("mail", _OTHER, "third")[number % 3], str(number), "app", {"even": number % 2 == 0})
    expected = [str(number) for number in range(22, -1, -1)]
    for limit in (1, 4, 22, 23, 50):
        assert await _every(store, CardQuery(), limit) == expected
        assert await _every(store, CardQuery(filters=(Filter("even", True),)), limit) == expected[::2]
        odd = (Filter("even", ["false", "x"], "in"),)
        assert await _every(store, CardQuery(application="app", filters=odd), limit) == expected[1::2]
        assert await _every(store, CardQuery(queues=("mail", "third")), limit) == [
            one for one in expected if int(one) % 3 != 1
        ]


async def many_cards_of_one_moment_come_once_each(store: Store) -> None:
    ids = [f"{number:04}" for number in range(700)]
    await add(store, *({"jobId": job_id} for job_id in ids), queue="mail")
    await store.job_index.put([JobCard("mail", job_id, "app", NOW, {"x": 1}) for job_id in ids])
    found = await _every(store, CardQuery(filters=(Filter("x", 1),)), 90)
    assert found == ids[::-1]
    assert await _every(store, CardQuery(states=("waiting",)), 90) == ids[::-1]


async def rare_cards_are_found_among_many(store: Store) -> None:
    ids = [f"{number:04}" for number in range(1200)]
    await add(store, *({"jobId": job_id} for job_id in ids), queue="mail")
    cards = [
        JobCard("mail", job_id, "app", NOW + n, {"n": n, "few": n % 2, "name": f"job-{n:04}", "rare": n % 400 == 0})
        for n, job_id in enumerate(ids)
    ]
    await store.job_index.put(cards)
    wanted = CardQuery(filters=(Filter("rare", True), Filter("few", 0)))
    assert await _every(store, wanted, 10) == ["0800", "0400", "0000"]
    between = (Filter("n", 300, "gte"), Filter("n", 304, "lt"), Filter("few", 1))
    assert await _every(store, CardQuery(filters=between), 10) == ["0303", "0301"]
    wide = (Filter("n", 100, "gte"), Filter("name", "job-00", "prefix"))
    assert await _every(store, CardQuery(filters=wide), 10) == []
    wide = (Filter("n", 95, "gte"), Filter("name", "job-00", "prefix"))
    assert await _every(store, CardQuery(filters=wide), 2) == ["0099", "0098", "0097", "0096", "0095"]


async def _given(
    store: Store, *metadata: dict[str, Any], options: list[dict[str, Any]] | None = None, at: int = NOW
) -> None:
    """Jobs `0`, `1`, ... of the queue `mail` with cards that say this, each newer than the one before."""
    ids = [str(number) for number in range(len(metadata))]
    opts = options or [{} for _ in ids]
    await add(store, *({**one, "jobId": job_id} for one, job_id in zip(opts, ids, strict=True)), queue="mail")
    cards = [JobCard("mail", job_id, "app", at + n, metadata[n]) for n, job_id in enumerate(ids)]
    await store.job_index.put(cards)


async def _put(
    store: Store, queue: str, job_id: str, application: str, metadata: dict[str, Any] | None = None, at: int = NOW
) -> None:
    """One job and its card."""
    await add(store, {"jobId": job_id}, queue=queue)
    await store.job_index.put([JobCard(queue, job_id, application, at + int(job_id), metadata or {})])


async def _found(store: Store, **members: Any) -> list[str]:
    return await _ids(store, CardQuery(filters=tuple(Filter(name, value) for name, value in members.items())))


async def _ids(store: Store, query: CardQuery) -> list[str]:
    return await _every(store, query, 50)


async def _every(store: Store, query: CardQuery, limit: int) -> list[str]:
    """The ids on all pages, which hold no more than `limit`."""
    found: list[str] = []
    page = await store.job_index.page(query, None, limit)
    while True:
        assert len(page.cards) == len(page.states) <= limit
        found += [card.job_id for card in page.cards]
        if page.cursor is None:
            return found
        page = await store.job_index.page(query, page.cursor, limit)


async def _is_refused(store: Store, query: CardQuery, cursor: str | None) -> bool:
    try:
        await store.job_index.page(query, cursor, 10)
    except InvalidInput:
        return True
    return False


def _ranges(*ends: tuple[Any, Any]) -> CardQuery:
    return CardQuery(filters=tuple(Filter("x", value, comparison) for comparison, value in ends))
