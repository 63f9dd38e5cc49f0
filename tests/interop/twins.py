"""One scene twice: on one copy Node BullMQ acts, on the other corral, and then both must hold the same."""

import json
from typing import Any

from tests.acceptance.client import UNSET, Client, Reply
from tests.interop.child import Node

_NEAR_MS = 20_000
_LATELY = 1_600_000_000_000
_PER_MS = 4096  # a delayed job's score counts in these

EVENTS = b"mail:events"

Dump = dict[bytes, Any]


class Twins:
    """Queues under two prefixes: `theirs` is Node's, `ours` is that of the server behind `client`."""

    def __init__(self, redis: Any, node: Node, client: Client, prefix: str) -> None:
        self._redis = redis
        self._node = node
        self._client = client
        self.ours = prefix
        self.theirs = f"{prefix}-node"

    async def set(self, scene: str) -> None:
        """Let Node make the scene, then copy it. The code finds the queue as `mail`."""
        await self.node(scene)
        for key in self._redis.scan_iter(f"{self.theirs}:*", count=100_000):
            self._copy(key)

    async def node(self, code: str, **args: Any) -> Any:
        return await self._node.run(f"const mail = queue('mail', prefix);\n{code}", prefix=self.theirs, **args)

    async def corral(self, method: str, path: str, body: Any = UNSET) -> Any:
        """The decoded answer to a call on `/v1/queues/mail`, which must succeed; None without a body."""
        reply = await self.answer(method, path, body)
        assert reply.status < 300, reply
        return reply.json() if reply.body else None

    async def answer(self, method: str, path: str, body: Any = UNSET) -> Reply:
        """A JSON body goes out as JavaScript writes it."""
        if body is not UNSET:
            body = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
        return await self._client.call(method, f"/v1/queues/mail{path}", body)

    def assert_alike(self, *, ordered: bool = True) -> None:
        """Times may differ by as much as the twins act one after the other, and events in their order if asked."""
        ours, theirs = self._dump(self.ours), self._dump(self.theirs)
        keys = ours.keys() | theirs.keys()
        pairs: dict[bytes, tuple[Any, Any]] = {key: (ours.get(key), theirs.get(key)) for key in keys}
        if not ordered:
            mine, its = pairs[EVENTS]
            pairs[EVENTS] = (sorted(mine, key=repr), sorted(its, key=repr))
        different = {key: pair for key, pair in pairs.items() if not _alike(*pair)}
        assert not different, different
        assert ours[EVENTS], "the comparison must not be of nothing"

    def renamed(self, found: Any) -> Any:
        """What Node answered, as if it had been asked under our prefix."""
        if isinstance(found, str):
            return found.replace(f"{self.theirs}:", f"{self.ours}:")
        if isinstance(found, list):
            return [self.renamed(one) for one in found]
        if isinstance(found, dict):
            return {self.renamed(key): self.renamed(value) for key, value in found.items()}
        return found

    def _copy(self, key: bytes) -> None:
        redis, to = self._redis, self._ours(key)
        match redis.type(key):
            case b"string":
                redis.set(to, self._ours(redis.get(key)), px=max(redis.pttl(key), 0) or None)
            case b"list":
                redis.rpush(to, *map(self._ours, redis.lrange(key, 0, -1)))
            case b"set":
                redis.sadd(to, *map(self._ours, redis.smembers(key)))
            case b"zset":
                redis.zadd(
                    to, {self._ours(member): score for member, score in redis.zrange(key, 0, -1, withscores=True)}
                )
            case b"hash":
                redis.hset(to, mapping={name: self._ours(value) for name, value in _hash(redis, key, self._ours)})
            case b"stream":
                for id, fields in redis.xrange(key):
                    redis.xadd(to, {name: self._ours(value) for name, value in fields.items()}, id=id)

    def _ours(self, text: Any) -> bytes:
        return bytes(text).replace(f"{self.theirs}:".encode(), f"{self.ours}:".encode())

    def _dump(self, prefix: str) -> Dump:
        base = f"{prefix}:".encode()
        keys = list(self._redis.scan_iter(base + b"mail:*", count=100_000))
        return {key.removeprefix(base): _parsed(_without(_value(self._redis, key), base)) for key in keys}


def _hash(redis: Any, key: bytes, renamed: Any) -> list[tuple[bytes, bytes]]:
    return [(renamed(name), value) for name, value in redis.hgetall(key).items()]


def _value(redis: Any, key: bytes) -> Any:
    match redis.type(key):
        case b"string":
            return redis.get(key)
        case b"list":
            return redis.lrange(key, 0, -1)
        case b"set":
            return sorted(redis.smembers(key))
        case b"zset":
            return dict(redis.zrange(key, 0, -1, withscores=True))
        case b"hash":
            return redis.hgetall(key)
        case _:
            return [fields for _, fields in redis.xrange(key)]


def _without(value: Any, base: bytes) -> Any:
    if isinstance(value, bytes):
        return value.replace(base, b"")
    if isinstance(value, list):
        return [_without(one, base) for one in value]
    if isinstance(value, dict):
        return {_without(name, base): _without(one, base) for name, one in value.items()}
    return value


def _parsed(value: Any) -> Any:
    """A job's options as a value: the engine writes their members in no order."""
    if isinstance(value, dict) and b"opts" in value:
        return {**value, b"opts": json.loads(value[b"opts"])}
    return value


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_alike(value, other[name]) for name, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_alike, one, other))
    return one == other or _at_the_same_time(one, other)


def _at_the_same_time(one: Any, other: Any) -> bool:
    try:
        first, second = float(one), float(other)
    except (TypeError, ValueError):
        return False
    scale = _PER_MS if min(first, second) > _LATELY * _PER_MS else 1
    return min(first, second) > _LATELY * scale and abs(first - second) < _NEAR_MS * scale
