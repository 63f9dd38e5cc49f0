"""presence: what each process says of its workers counts for a while, and pauses until they are taken back."""

from corral.store.store import Store
from corral.testing.conformance.given import NOW


async def what_a_process_said_last_counts(store: Store) -> None:
    await store.presence.announce("one", b"before", NOW - 1000)
    await store.presence.announce("one", b"\x00now\xff", NOW)
    await store.presence.announce("two", b"[]", NOW)
    assert await store.presence.present(NOW) == {"one": b"\x00now\xff", "two": b"[]"}


async def a_process_that_says_nothing_is_gone_in_the_end(store: Store) -> None:
    await store.presence.announce("one", b"[]", NOW)
    await store.presence.announce("two", b"[]", NOW + 10_000)
    assert set(await store.presence.present(NOW + 14_000)) == {"one", "two"}
    assert set(await store.presence.present(NOW + 20_000)) == {"two"}
    assert set(await store.presence.present(NOW + 60_000)) == set()


async def a_process_may_take_back_what_it_said(store: Store) -> None:
    await store.presence.announce("one", b"[]", NOW)
    await store.presence.withdraw("one")
    await store.presence.withdraw("never there")
    assert await store.presence.present(NOW) == {}


async def pauses_are_kept(store: Store) -> None:
    assert await store.presence.paused() == frozenset()
    for queue in ("one", "two", "two"):
        await store.presence.set_paused(queue, True)
    assert await store.presence.paused() == {"one", "two"}
    for _ in range(2):
        await store.presence.set_paused("one", False)
    assert await store.presence.paused() == {"two"}
    await store.presence.set_paused("two", False)
    assert await store.presence.paused() == frozenset()
