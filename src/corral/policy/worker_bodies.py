"""Registrations of HTTP workers: the two bodies that make one, and the record that the engine keeps of it."""

from typing import Any

import msgspec

from corral.model.endpoint import Endpoint
from corral.model.errors import InvalidInput
from corral.policy.javascript import text, truthy
from corral.policy.json_body import decode
from corral.policy.names import check_queue_name
from corral.policy.options import tidy
from corral.policy.worker_checks import check_headers, check_options, check_target, refuse_unexpected, require
from corral.policy.worker_values import read_options, read_target

_FIELDS = frozenset({"queue", "endpoint", "opts"})


class Registration(Endpoint, frozen=True):
    """An endpoint as it was posted; `record` is what the engine is to keep, fields in the order given."""

    record: bytes = b""


def parse_worker(body: bytes, min_length: int, max_length: int) -> Registration:
    """The body of `POST /workers`, checked in bullmq-proxy's order; the lengths are the queue name's.

    Raises InvalidInput.
    """
    posted = decode(body)
    if posted is None:
        raise InvalidInput("null is not a worker")
    require(posted, "queue", "endpoint")
    refuse_unexpected(posted, _FIELDS)
    queue = posted["queue"]
    if not isinstance(queue, str):
        raise InvalidInput(f"Invalid queue {text(queue)}, must be a string")
    check_queue_name(queue, min_length, max_length)
    return _checked(posted)


def parse_endpoint(queue: str, body: bytes, min_length: int, max_length: int) -> Registration:
    """The body of `POST /endpoints/:queue`: the target's fields with `opts` among them.

    The method is `POST` unless given, and `opts.rateLimit` is another name of `limiter`. Raises InvalidInput.
    """
    check_queue_name(queue, min_length, max_length)
    posted = decode(body)
    require(posted, "url")
    target = {name: value for name, value in posted.items() if name != "opts"}
    if not target.get("method"):
        target["method"] = "POST"
    opts = posted.get("opts")
    if isinstance(opts, dict) and "rateLimit" in opts:
        opts = {("limiter" if name == "rateLimit" else name): value for name, value in opts.items()}
    return _checked({"queue": queue, "endpoint": target, "opts": opts})


def encode_record(endpoint: Endpoint) -> bytes:
    """The record to store, which bullmq-proxy reads as well."""
    if isinstance(endpoint, Registration) and endpoint.record:
        return endpoint.record
    return msgspec.json.encode(endpoint)


def guarded(posted: Registration) -> Registration:
    """The same, as a stranger's."""
    record = msgspec.json.encode({**decode(posted.record), "guarded": True})
    return Registration(posted.queue, posted.endpoint, posted.opts, True, record)


def decode_record(record: bytes, queue: str | None = None) -> Endpoint:
    """An endpoint as corral or any bullmq-proxy stored it; what is out of range becomes the default.

    `queue`, the hash field, goes before the name inside. Raises InvalidInput when nobody could be called.
    """
    stored = decode(record)
    require(stored, "endpoint")
    name = queue or stored.get("queue")
    if not isinstance(name, str):
        raise InvalidInput("queue is required")
    if ":" in name:
        raise InvalidInput("Queue name cannot contain :")
    target, opts = read_target(stored["endpoint"]), read_options(stored.get("opts"))
    return Endpoint(name, target, opts, stored.get("guarded") is True)


def _checked(posted: dict[str, Any]) -> Registration:
    target, opts = posted["endpoint"], posted.get("opts")
    check_target(target)
    if truthy(opts):
        check_options(opts)
    check_headers(target.get("headers"))
    kept = posted if isinstance(opts, dict) else {name: posted[name] for name in posted if name != "opts"}
    record = msgspec.json.encode(tidy(kept))
    return Registration(posted["queue"], read_target(target), read_options(opts), record=record)
