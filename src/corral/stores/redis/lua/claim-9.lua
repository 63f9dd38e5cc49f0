--[[
  claim: promote what is due, then move up to n jobs to active, each under a lock of its own.

  The same moves, in the same order, as n calls of BullMQ's moveToActive; and a job that has a group, but no place
  of it, as when a foreign program has added it, goes into its line.

  KEYS  wait, active, prioritized, events, limiter, delayed, meta, pc, marker
  ARGV  [1] key prefix, [2] now (ms), [3] n, [4] owner, [5] serial of the first token, [6] lock time (ms),
        [7] limiter max or "", [8] limiter duration (ms) or "", [9] worker name or ""
  Returns {{id, hash} ..., rate limited for (ms), next delayed job due at (ms), 1 when the queue's own concurrency
  is used up}; token i is owner:(serial + i - 1).
]]
--@include groups
--@include due
--@include since
--@include turns
local rcall = redis.call
local waitKey, activeKey, prioritizedKey, eventsKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local limiterKey, delayedKey, pcKey, markerKey = KEYS[5], KEYS[6], KEYS[8], KEYS[9]
local prefix, now = ARGV[1], ARGV[2]
local meta = rcall("HMGET", KEYS[7], "paused", "concurrency", "max", "duration")
local paused, concurrency = meta[1], tonumber(meta[2])
local max = tonumber(meta[3] or ARGV[7])
local duration = tonumber(ARGV[8]) or tonumber(meta[4])

local function maxed()
  return concurrency and rcall("LLEN", activeKey) >= concurrency
end

local dueKey = prefix .. "corral:due"
local function promote_grouped()
  local first = rcall("ZRANGE", dueKey, 0, 0, "WITHSCORES")[2]
  if not first or tonumber(first) >= (now + 1) * 0x1000 then return end
  local groups = open_groups(prefix, tonumber(now))
  open_due(groups, prefix, tonumber(now)).promote(1000)
  groups.flush()
end

local function promote()
  local due = rcall("ZRANGEBYSCORE", delayedKey, 0, (now + 1) * 0x1000 - 1, "LIMIT", 0, 1000)
  if #due == 0 then return end
  rcall("ZREM", delayedKey, unpack(due))
  for _, id in ipairs(due) do
    local priority = tonumber(rcall("HGET", prefix .. id, "priority")) or 0
    if priority == 0 then
      rcall("LPUSH", waitKey, id)
    else
      rcall("ZADD", prioritizedKey, priority * 0x100000000 + rcall("INCR", pcKey) % 0x100000000, id)
    end
    rcall("XADD", eventsKey, "*", "event", "waiting", "jobId", id, "prev", "delayed")
    rcall("HSET", prefix .. id, "delay", 0)
  end
  if not (paused or maxed()) then rcall("ZADD", markerKey, 0, "0") end
end

local function limitedFor()
  if not max or max > tonumber(rcall("GET", limiterKey) or 0) then return 0 end
  local left = rcall("PTTL", limiterKey)
  if left == 0 then rcall("DEL", limiterKey) end
  return left > 0 and left or 0
end

local function pop()
  local id = rcall("RPOPLPUSH", waitKey, activeKey)
  while id and string.sub(id, 1, 2) == "0:" do -- a marker that BullMQ 4 and older left in the list
    rcall("LREM", activeKey, 1, id)
    id = rcall("RPOPLPUSH", waitKey, activeKey)
  end
  if id then return id, true end
  id = rcall("ZPOPMIN", prioritizedKey)[1]
  if id then rcall("LPUSH", activeKey, id) else rcall("DEL", pcKey) end
  return id
end

-- Moves up to n jobs to active. Returns them, and how many of them had no priority: those are the first.
local function pop_many(n)
  local ids, waited = {}, 0
  for i = 1, n do
    local id, plain = pop()
    if not id then break end
    ids[i] = id
    if plain then waited = i end
  end
  return ids, waited
end

local function value_of(fields, name)
  for i = 1, #fields, 2 do
    if fields[i] == name then return fields[i + 1] end
  end
  return nil
end

local turns = open_turns(prefix, tonumber(now))
local function take(id, token, held, waited)
  local key = prefix .. id
  local fields = rcall("HGETALL", key)
  if held then
    if waited and turns.yields(id, value_of(fields, "priority")) then return end
  elseif turns.joins(id, value_of(fields, "opts")) then
    return
  end
  if max and rcall("HEXISTS", key, "defa") == 0 and rcall("INCR", limiterKey) == 1 then
    rcall("PEXPIRE", limiterKey, math.floor(math.abs(duration)))
  end
  rcall("SET", key .. ":lock", token, "PX", ARGV[6])
  rcall("XADD", eventsKey, "*", "event", "active", "jobId", id, "prev", "waiting")
  local begun, n = (tonumber(value_of(fields, "ats")) or 0) + 1, #fields
  local at = since(value_of(fields, "timestamp"), now)
  if ARGV[9] ~= "" then
    rcall("HSET", key, "processedOn", at, "ats", begun, "pb", ARGV[9])
    fields[n + 5], fields[n + 6] = "pb", ARGV[9]
  else
    rcall("HSET", key, "processedOn", at, "ats", begun)
  end
  fields[n + 1], fields[n + 2], fields[n + 3], fields[n + 4] = "processedOn", at, "ats", begun
  return {id, fields}
end

local function next_due()
  local due = rcall("ZRANGE", delayedKey, 0, 0, "WITHSCORES")[2]
  local grouped = rcall("ZRANGE", dueKey, 0, 0, "WITHSCORES")[2]
  return math.floor(math.min(tonumber(due or grouped) or 0, tonumber(grouped or due) or 0) / 0x1000)
end

promote()
promote_grouped()
local jobs, wanted, serial = {}, tonumber(ARGV[3]), tonumber(ARGV[5])
local limited, nextDue, full = 0, 0, 0
while #jobs < wanted do
  limited = limitedFor()
  if limited > 0 or paused then break end
  if maxed() then
    full = 1
    break
  end
  -- A job that is taken may use up a limit, and one that goes elsewhere may make another ready.
  local n, before = (max or concurrency) and 1 or math.min(wanted - #jobs, 1000), #jobs
  local ids, waited = pop_many(n)
  local held = turns.held(ids)
  for i, id in ipairs(ids) do
    jobs[#jobs + 1] = take(id, ARGV[4] .. ":" .. string.format("%.0f", serial + #jobs), held[i], i <= waited)
  end
  if #ids < n and #jobs == before + #ids then
    nextDue = next_due()
    break
  end
end
if #jobs > 0 then rcall("ZADD", markerKey, 0, "0") end
return {jobs, limited, nextDue, full}
