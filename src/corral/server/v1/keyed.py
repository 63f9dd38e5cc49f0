"""`Idempotency-Key`: a request that comes again is not done again but gets the first one's answer.

What is not a success is not kept: the next request with the key is done like the first.
"""

import hashlib
from contextlib import suppress
from typing import Final

import msgspec

from corral.model.errors import (
    BadField,
    CorralError,
    FieldProblem,
    IdempotencyInProgress,
    IdempotencyMismatch,
    StoreUnavailable,
)
from corral.server.call import Call, Handler
from corral.server.http.message import Request, Response, StreamResponse

HEADER: Final = "idempotency-key"
REPLAYED: Final = "idempotency-replayed"
LONGEST_KEY: Final = 255
KEEP_MS: Final = 86_400_000
HOLD_MS: Final = 120_000
"""Longer than any request takes; after a crash on the way, so long the answer is 409."""

_ANSWERED = 200


class Record(msgspec.Struct, frozen=True, array_like=True):
    """What is kept under a key. `status` is 0 until there is an answer."""

    request: bytes
    status: int = 0
    body: bytes = b""
    content_type: str = ""
    headers: tuple[tuple[str, str], ...] = ()


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


def keyed(inner: Handler) -> Handler:
    """The same handler for a route that adds something. Requests without a key cost nothing."""

    async def handle(call: Call) -> Response | StreamResponse:
        key = call.request.headers.get(HEADER)
        return await (inner(call) if key is None else _once(inner, call, key))

    return handle


async def _once(inner: Handler, call: Call, key: str) -> Response | StreamResponse:
    if not 0 < len(key) <= LONGEST_KEY:
        raise BadField(FieldProblem(f"The key must have 1 to {LONGEST_KEY} characters", parameter=HEADER))
    store = call.services.store.idempotency
    name, request = _name(call.request, key), _digest_of(call.request)
    found = await store.begin(name, _encode(Record(request)), HOLD_MS)
    if found is not None:
        return _replayed(_decode(found), request)
    try:
        answer = await inner(call)
    except CorralError:
        with suppress(StoreUnavailable):
            await store.forget(name)
        raise
    if isinstance(answer, Response):
        kept = Record(request, answer.status, answer.body, answer.content_type, answer.headers)
        with suppress(StoreUnavailable):  # it has been done, and the client is told so
            await store.keep(name, _encode(kept), KEEP_MS)
    return answer


def _replayed(found: Record, request: bytes) -> Response:
    if found.request != request:
        raise IdempotencyMismatch("The key was used for another request")
    if found.status < _ANSWERED:
        raise IdempotencyInProgress("The first request with this key is still being answered")
    headers = (*found.headers, (REPLAYED, "true"))
    return Response(found.status, found.body, found.content_type, headers)


def _name(request: Request, key: str) -> str:
    """Callers with other tokens have keys of their own, and so has every path."""
    token = request.headers.get("authorization", "")
    return hashlib.sha256(f"{token}\n{request.path}\n{key}".encode(errors="surrogateescape")).hexdigest()


def _digest_of(request: Request) -> bytes:
    """What tells another request from the same one."""
    kind = request.headers.get("content-type", "")
    return hashlib.sha256(f"{request.query}\n{kind}\n".encode(errors="surrogateescape") + request.body).digest()
