"""Sees, inside an engine, whether two jobs of a group run at once, and in which order they began."""

from redis.asyncio import Redis

_BEGIN = """
local running = redis.call("HGET", "running", ARGV[1])
if running and redis.call("SISMEMBER", "dead", string.match(running, "^[^/]+")) == 0 then
  redis.call("RPUSH", "overlaps", ARGV[1] .. ": " .. running .. " and " .. ARGV[2])
end
redis.call("HSET", "running", ARGV[1], ARGV[2])
redis.call("RPUSH", "order:" .. ARGV[1], ARGV[3])
"""
_END = """
if redis.call("HGET", "running", ARGV[1]) == ARGV[2] then redis.call("HDEL", "running", ARGV[1]) end
"""


class Overlaps:
    """A run is named `worker/number`; a worker that was killed runs nothing from when it is said to be dead."""

    def __init__(self, socket: str) -> None:
        self._engine = Redis(unix_socket_path=socket, db=1, decode_responses=True)

    async def begin(self, group: str, run: str, number: int) -> None:
        await self._engine.eval(_BEGIN, 0, group, run, str(number))

    async def end(self, group: str, run: str) -> None:
        await self._engine.eval(_END, 0, group, run)

    async def died(self, worker: str) -> None:
        await self._engine.sadd("dead", worker)

    async def seen(self) -> list[str]:
        return [str(one) for one in await self._engine.lrange("overlaps", 0, -1)]

    async def order(self, group: str) -> list[int]:
        """The jobs as they began, those that began again after a crash once."""
        begun = [int(number) for number in await self._engine.lrange(f"order:{group}", 0, -1)]
        return [number for at, number in enumerate(begun) if at == 0 or begun[at - 1] != number]

    async def close(self) -> None:
        await self._engine.aclose()
