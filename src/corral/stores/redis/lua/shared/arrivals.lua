-- What a script that adds waiting jobs has to know of the queue: how many events it keeps, and whether its jobs
-- are held back, so that no worker need be woken.
local function arrivals(metaKey, activeKey)
  local meta = redis.call("HMGET", metaKey, "opts.maxLenEvents", "paused", "concurrency")
  local maxEvents = meta[1]
  if not maxEvents then
    maxEvents = "10000"
    redis.call("HSET", metaKey, "opts.maxLenEvents", maxEvents)
  end
  return maxEvents, meta[2] or (meta[3] and redis.call("LLEN", activeKey) >= tonumber(meta[3]))
end
