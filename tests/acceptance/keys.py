"""Everything that an engine holds under a prefix, made comparable."""

from typing import Any

from redis import Redis

_OWN_RHYTHM = ("corral:window:index-upkeep", "corral:records:measures")  # written now and then, whatever is asked


def snapshot(redis: Redis, prefix: str) -> dict[str, Any]:
    """Every key that begins with the prefix, and its content."""
    keys = (key for key in redis.scan_iter(f"{prefix}*", count=100_000) if not key.endswith(_OWN_RHYTHM))
    found = {key: _content(redis, key) for key in keys}
    return {key: content for key, content in found.items() if content is not None}


def _content(redis: Redis, key: str) -> Any:
    match redis.type(key):
        case "string":
            return redis.get(key)
        case "list":
            return redis.lrange(key, 0, -1)
        case "set":
            return redis.smembers(key)
        case "zset":
            return redis.zrange(key, 0, -1, withscores=True)
        case "hash":
            return redis.hgetall(key)
        case "stream":
            return redis.xrange(key)
        case "none":  # it has expired since it was listed
            return None
        case other:
            raise AssertionError(f"unexpected type {other!r} of {key!r}")
