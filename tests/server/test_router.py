"""Paths and what they lead to."""

import pytest

from corral.server.router import Router


@pytest.fixture
def router() -> Router[str]:
    router: Router[str] = Router()
    router.add("GET", "/queues/:queue/jobs", "list")
    router.add("GET", "/queues/:queue/jobs/:id", "get")
    router.add("POST", "/queues/:queue/jobs/lookup", "lookup")
    router.add("POST", "/queues/:queue/jobs/:id/promote", "promote")
    return router


@pytest.mark.parametrize(
    ("method", "path", "found"),
    [
        ("GET", "/queues/q/jobs", ("list", ["q"])),
        ("GET", "/queues/q/jobs/7", ("get", ["q", "7"])),
        ("POST", "/queues/q/jobs/lookup", ("lookup", ["q"])),
        ("GET", "/queues/q/jobs/lookup", ("get", ["q", "lookup"])),
        ("POST", "/queues/q/jobs/lookup/promote", ("promote", ["q", "lookup"])),
        ("GET", "/queues//jobs", None),
        ("GET", "/queues/q/jobs/", None),
        ("GET", "/queues/q/jobs/7/promote", None),
        ("POST", "/queues/q/jobs", None),
        ("GET", "/", None),
    ],
)
def test_find(router: Router[str], method: str, path: str, found: tuple[str, list[str]] | None) -> None:
    assert router.find(method, path) == found


def test_one_route_of_a_kind(router: Router[str]) -> None:
    with pytest.raises(ValueError, match="routed twice"):
        router.add("GET", "/queues/:other/jobs", "again")


def test_the_methods_of_a_path(router: Router[str]) -> None:
    assert router.methods("/queues/q/jobs/lookup") == ["GET", "POST"]
    assert router.methods("/queues/q/jobs/7/promote") == ["POST"]
    assert router.methods("/queues//jobs") == []
