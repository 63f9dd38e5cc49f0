"""What an engine holds for one queue, made comparable: times and ids of the event stream are left out."""

import json
from typing import Any

Dump = dict[str, Any]


def dump(client: Any, base: str) -> Dump:
    """Every key under `base`, by its name behind it."""
    found: Dump = {}
    for key in client.scan_iter(f"{base}*", count=100_000):
        found[key.decode().removeprefix(base)] = _value(client, key)
    return found


def _value(client: Any, key: bytes) -> Any:
    match client.type(key):
        case b"string":
            return client.get(key), client.pttl(key) > 0
        case b"list":
            return client.lrange(key, 0, -1)
        case b"set":
            return client.smembers(key)
        case b"zset":
            return client.zrange(key, 0, -1, withscores=True)
        case b"hash":
            return {name: _field(name, value) for name, value in client.hgetall(key).items()}
        case b"stream":
            return [fields for _, fields in client.xrange(key)]
        case other:
            raise AssertionError(f"unexpected type {other!r} of {key!r}")


def _field(name: bytes, value: bytes) -> Any:
    return json.loads(value) if name == b"opts" else value
