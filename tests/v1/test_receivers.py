"""The life of webhooks and subscriptions on the native surface, which is one."""

from typing import Any

import pytest

from tests.acceptance.conftest import Serve
from tests.acceptance.service import MASTER, Operator

WEBHOOK = {"url": "http://127.0.0.1:1/hook", "events": ["job.completed"]}
SUBSCRIPTION = {"name": "mine", "endpoint": "http://127.0.0.1:1/hear", "events": ["completed"]}


@pytest.mark.parametrize(
    ("kind", "form", "changes"),
    [
        ("webhooks", WEBHOOK, {"queues": ["mail-*"], "retryConfig": {"maxAttempts": 5}}),
        ("subscriptions", SUBSCRIPTION, {"name": "ours", "filters": {"queues": ["mail"]}}),
    ],
)
async def test_made_listed_changed_and_ended(serve: Serve, kind: str, form: Any, changes: Any) -> None:
    operator = Operator(await serve(master_api_key=MASTER, rate_limit_max_requests=0))
    shop, other = await operator.make("shop"), await operator.make("other")
    made = await shop.ok("POST", f"/v1/{kind}", form)
    path = f"/v1/{kind}/{made['id']}"
    assert (made["application"], made["failureCount"], made["lastTriggeredAt"]) == (shop.application, 0, None)
    shown = {name: value for name, value in made.items() if name != "secret"}
    assert ("secret" in made) == (kind == "webhooks")
    assert await shop.ok("GET", path) == shown
    second = await shop.ok("POST", f"/v1/{kind}", form)
    assert [one["id"] for one in (await shop.ok("GET", f"/v1/{kind}"))[kind]] == [second["id"], made["id"]]
    assert (await other.ok("GET", f"/v1/{kind}"))[kind] == []
    for method in ("GET", "PATCH", "DELETE"):
        assert (await other.call(method, path, {"active": False} if method == "PATCH" else b"")).status == 404

    changed = await shop.ok("PATCH", path, {**changes, "active": False})
    assert changed["active"] is False
    assert changed["updatedAt"] >= made["updatedAt"]
    same = {"updatedAt", "active", *changes}
    assert {k: v for k, v in changed.items() if k not in same} == {k: v for k, v in shown.items() if k not in same}
    for name, value in changes.items():
        assert changed[name] == (value if not isinstance(value, dict) else changed[name] | value), name
    bad = {"url": "http://[fc00::1]/", "endpoint": "http://[fc00::1]/"}
    where = "url" if kind == "webhooks" else "endpoint"
    assert (await shop.call("PATCH", path, {where: bad[where]})).status == 400
    assert (await shop.call("DELETE", path)).status == 204
    assert (await shop.call("GET", path)).status == 404
