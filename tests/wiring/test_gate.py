"""Who is let in, while a process begins."""

from types import SimpleNamespace
from typing import cast

from corral.lifecycle.accounts import KeyTerms
from corral.model.application import ApplicationSettings
from corral.operations.services import Services
from corral.policy.built_in_queues import JobDefaults
from corral.server.http.message import Request, Response
from corral.stores.redis.store import RedisStore
from corral.wiring.gate import Gate
from corral.wiring.settings import Settings
from tests.worker.conftest import engine, open_store, store

__all__ = ["engine", "open_store", "store"]
NOW = 1_795_000_000_000


def _gate(store: RedisStore) -> Gate:
    return Gate(store, lambda: NOW, JobDefaults())


def _from(peer: str) -> Request:
    request = Request("GET", b"/api/jobs", {})
    request.peer = peer
    return request


async def test_the_first_request_of_a_key_counts_as_its_own(store: RedisStore) -> None:
    """Also when it comes before this process has read the keys."""
    accounts = _gate(store).accounts
    application = await accounts.create("shop", ApplicationSettings(), NOW)
    _, secret = await accounts.create_key(application.id, KeyTerms(roles=["admin"]), NOW)

    gate, settings = _gate(store), Settings(rate_limit_max_requests=1)
    authority = gate.authority(cast("Services", SimpleNamespace(clock=lambda: NOW)), settings)
    door = gate.door(authority, settings)

    async def answer() -> Response:
        return Response(200)

    answers = [await door.limited(_from(peer), secret, answer) for peer in ("10.0.0.1", "10.0.0.2")]
    assert [one.status for one in answers] == [200, 429]
