"""The public routes: the banner and the state of health."""

import time
from typing import Any

import msgspec

from corral.model.errors import StoreUnavailable
from corral.observe.log import PROXY_VERSION
from corral.policy.moments import iso
from corral.server.call import Access, Call, Route
from corral.server.http.message import Response
from corral.server.service.explain import WELCOME

_JSON = "application/json"
_STARTED = time.monotonic()
_WELCOME = msgspec.json.encode(WELCOME)


class Engine(msgspec.Struct, frozen=True, rename="camel"):
    """What is known of the engine now; `latency_ms` is missing while it does not answer."""

    state: str
    latency_ms: float | msgspec.UnsetType = msgspec.UNSET


class Health(msgspec.Struct, frozen=True):
    """`status` is `healthy`, or `degraded` while the engine is away. `uptime` is in seconds.

    `queues` and `redis` are what the queue service tells here. No key is asked for, so no queue is told of: who has
    one asks `/api/queues/stats`.
    """

    status: str
    version: str
    timestamp: str
    engine: Engine
    uptime: int
    redis: str
    queues: list[dict[str, Any]] = []


def banner(year: int) -> str:
    """The last line of `GET /`, by which clients of the original know it."""
    return f"BullMQ Proxy (c) {year} Taskforce.sh Inc. v{PROXY_VERSION}"


async def root(call: Call) -> Response:
    """GET /: the banner of bullmq-proxy, or to whoever names JSON in Accept what the queue service answers here."""
    if _JSON in call.request.headers.get("accept", ""):
        return Response(200, _WELCOME, _JSON)
    year = time.gmtime(call.services.clock() / 1000).tm_year
    return Response(200, f"corral {call.services.version}, speaking the protocol of\n{banner(year)}".encode())


async def health(call: Call) -> Response:
    """GET /health: always 200 while the process lives; the engine's state is in the body."""
    return Response(200, msgspec.json.encode(await _health(call)), _JSON)


async def ready(call: Call) -> Response:
    """GET /health/ready: 503 while the engine does not answer, for load balancers."""
    found = await _health(call)
    return Response(200 if found.status == "healthy" else 503, msgspec.json.encode(found), _JSON)


ROUTES = (
    Route("GET", "/", Access.PUBLIC, root),
    Route("GET", "/health", Access.PUBLIC, health),
    Route("GET", "/health/ready", Access.PUBLIC, ready),
)


async def _health(call: Call) -> Health:
    engine = await _engine(call)
    return Health(
        status="healthy" if engine.state == "ready" else "degraded",
        version=call.services.version,
        timestamp=iso(call.services.clock()),
        engine=engine,
        uptime=int(time.monotonic() - _STARTED),
        redis="connected" if engine.state == "ready" else "disconnected",
    )


async def _engine(call: Call) -> Engine:
    store = call.services.store
    if not store.is_ready:
        return Engine("unavailable")
    try:
        seconds = await store.ping()
    except StoreUnavailable:
        return Engine("unavailable")
    return Engine("ready", round(seconds * 1000, 3))
