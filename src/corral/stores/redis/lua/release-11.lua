--[[
  release: end a hold; a parent that has no unfinished child by now goes on.

  Where to, and with which events, is as in BullMQ: back into delay when it has one, by its priority, or to the front.

  KEYS  the parent, its dependencies, waiting-children, wait, prioritized, delayed, active, meta, marker, pc, events
  ARGV  id of the parent, now (ms)
]]
local rcall = redis.call
local parentKey, dependenciesKey, waitingChildrenKey, waitKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local prioritizedKey, delayedKey, markerKey, eventsKey = KEYS[5], KEYS[6], KEYS[9], KEYS[11]
local id, now = ARGV[1], tonumber(ARGV[2])

rcall("SREM", dependenciesKey, "held")
if rcall("SCARD", dependenciesKey) > 0 or rcall("EXISTS", parentKey) == 0 then
  return
end
if rcall("ZREM", waitingChildrenKey, id) == 0 then
  return
end

local stored = rcall("HMGET", parentKey, "priority", "delay")
local priority, delay = tonumber(stored[1]) or 0, tonumber(stored[2]) or 0
if delay > 0 then
  rcall("ZADD", delayedKey, (now + delay) * 4096, id)
  rcall("XADD", eventsKey, "*", "event", "delayed", "jobId", id, "delay", now + delay)
  local first = rcall("ZRANGE", delayedKey, 0, 0, "WITHSCORES")
  rcall("ZADD", markerKey, tonumber(first[2]) / 4096, "1")
  return
end

if priority > 0 then
  local turn = rcall("INCR", KEYS[10])
  rcall("ZADD", prioritizedKey, priority * 4294967296 + turn % 4294967296, id)
else
  rcall("RPUSH", waitKey, id)
end
local meta = rcall("HMGET", KEYS[8], "paused", "concurrency")
if not (meta[1] or (meta[2] and rcall("LLEN", KEYS[7]) >= tonumber(meta[2]))) then
  rcall("ZADD", markerKey, 0, "0")
end
rcall("XADD", eventsKey, "*", "event", "waiting", "jobId", id, "prev", "waiting-children")
