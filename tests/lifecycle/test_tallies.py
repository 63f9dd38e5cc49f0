"""What is counted of receivers."""

import pytest

from corral.lifecycle.tallies import Tallies
from corral.model.errors import StoreUnavailable
from corral.model.subscriber import Tally
from corral.stores.redis.address import Address
from corral.stores.redis.connection import Connection
from corral.stores.redis.limits import ConnectionLimits
from corral.stores.redis.records import RedisRecords
from corral.stores.redis.run import load_scripts
from corral.stores.redis.store import RedisStore
from corral.testing.fault_proxy import FaultProxy


async def test_nothing_is_lost_while_the_engine_is_away(store: RedisStore, proxy: FaultProxy, queue: str) -> None:
    address = Address.from_url(f"redis://{proxy.host}:{proxy.port}")
    far = Connection(address, limits=ConnectionLimits(connect_wait=0.02), on_connect=load_scripts)
    far.start()
    await far.ready(30)
    tallies = Tallies(RedisRecords(far, store.prefix))
    proxy.refuse()
    proxy.drop()
    tallies.succeeded(queue, 5)
    for _ in range(2):
        tallies.failed(queue)
        with pytest.raises(StoreUnavailable):
            await tallies.of(queue)
    proxy.accept()
    await far.ready(30)
    await tallies.write()
    assert await Tallies(store.records).of(queue) == Tally(failures=2, succeeded=1, last_at=5)
    await tallies.close()
    await far.close()
