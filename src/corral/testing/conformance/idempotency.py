"""Records of requests: the first one begins, the others find what it left."""

import asyncio

from corral.store.store import Store
from corral.testing.waiting import until

HOUR = 3_600_000


async def the_first_one_begins_and_the_others_find_it(store: Store) -> None:
    kept = store.idempotency
    assert await kept.get("a") is None
    assert await kept.begin("a", b"begun", HOUR) is None
    assert await kept.begin("a", b"mine", HOUR) == b"begun"
    assert await kept.get("a") == b"begun"
    assert await kept.begin("b", b"other", HOUR) is None
    await kept.keep("a", b"\x00answer\xff", HOUR)
    assert await kept.begin("a", b"mine", HOUR) == b"\x00answer\xff"


async def of_many_at_once_one_is_the_first(store: Store) -> None:
    found = await asyncio.gather(*(store.idempotency.begin("a", b"%d" % number, HOUR) for number in range(20)))
    assert found.count(None) == 1
    assert len(set(found)) == 2


async def a_forgotten_record_is_as_if_it_had_never_been(store: Store) -> None:
    kept = store.idempotency
    await kept.begin("a", b"begun", HOUR)
    await kept.forget("a")
    await kept.forget("a")
    assert await kept.begin("a", b"again", HOUR) is None


async def records_go_in_time(store: Store) -> None:
    kept = store.idempotency
    await kept.begin("begun", b"1", 1)
    await kept.keep("kept", b"2", 1)

    async def gone(name: str) -> bool:
        return await kept.begin(name, b"again", 1) is None

    async def no_more(name: str) -> bool:
        return await kept.get(name) is None

    await until(lambda: gone("begun"))
    await until(lambda: gone("kept"))
    await kept.keep("read", b"3", 1)
    await until(lambda: no_more("read"))
