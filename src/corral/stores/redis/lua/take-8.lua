--[[
  take: move one waiting job to active, under a lock, as a claim would if it came next.

  KEYS  wait, active, prioritized, events, limiter, delayed, meta, paused
  ARGV  [1] key prefix, [2] job, [3] now (ms), [4] lock token, [5] lock time (ms)
  Returns the job's hash; -1 no such job, -3 not waiting (nor delayed and due), -20 the queue is paused, -21 as many
  jobs are active as the queue allows, -22 its rate limit is used up.
]]
--@include since
local rcall = redis.call
local activeKey, limiterKey, prefix, id, now = KEYS[2], KEYS[5], ARGV[1], ARGV[2], ARGV[3]
local key = prefix .. id
local kind = rcall("TYPE", key).ok
if kind ~= "hash" or rcall("HEXISTS", key, "timestamp") == 0 then return -1 end
local meta = rcall("HMGET", KEYS[7], "paused", "concurrency", "max", "duration")

local function waits()
  if rcall("HEXISTS", prefix .. "corral:members", id) == 1 and rcall("HEXISTS", prefix .. "corral:holders", id) == 0 then
    return false
  end
  if rcall("ZSCORE", KEYS[3], id) then return "ZREM", KEYS[3] end
  local due = rcall("ZSCORE", KEYS[6], id)
  if due then return tonumber(due) < (now + 1) * 0x1000 and "ZREM", KEYS[6] end
  for _, list in ipairs({KEYS[1], KEYS[8]}) do
    if rcall("TYPE", list).ok == "list" and rcall("LREM", list, 1, id) == 1 then return "LPUSH", list end
  end
  return false
end

local function refused()
  if meta[1] then return -20 end
  if meta[2] and rcall("LLEN", activeKey) >= tonumber(meta[2]) then return -21 end
  if meta[3] and tonumber(rcall("GET", limiterKey) or 0) >= tonumber(meta[3]) then
    return rcall("PTTL", limiterKey) > 0 and -22
  end
end

-- A list is not searched without taking the job out, so what refuses comes after it and puts it back.
local command, where = waits()
if not command then return -3 end
local code = refused()
if code then
  if command == "LPUSH" then rcall("RPUSH", where, id) end
  return code
end
if command == "ZREM" then rcall("ZREM", where, id) end
if meta[3] and rcall("INCR", limiterKey) == 1 then rcall("PEXPIRE", limiterKey, meta[4] or 0) end
rcall("LPUSH", activeKey, id)
rcall("SET", key .. ":lock", ARGV[4], "PX", ARGV[5])
rcall("XADD", KEYS[4], "*", "event", "active", "jobId", id, "prev", "waiting")
rcall("HSET", key, "processedOn", since(rcall("HGET", key, "timestamp"), now), "delay", 0)
rcall("HINCRBY", key, "ats", 1)
return rcall("HGETALL", key)
