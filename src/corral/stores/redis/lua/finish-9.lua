--[[
  finish: store the results of completed plain jobs.

  Leaves what BullMQ's moveToFinished leaves for a job without parent, children and deduplication id; for any other
  it changes nothing and returns 1, and the caller runs the official script.

  KEYS  wait, active, prioritized, events, stalled, delayed, meta, completed, metrics
  ARGV  [1] key prefix, [2] now (ms), [3] minutes of metrics to keep, 0 to collect none; then per job: id, lock token,
        result (JSON), "1" to keep the job or "0" to remove it; "3", "2" when it has a group
  Returns a code per job: 0 done, 1 not plain, -1 no such job, -2 lock gone, -3 not active, -6 lock of somebody else.
]]
--@include groups
--@include since
local rcall = redis.call
local waitKey, activeKey, prioritizedKey, eventsKey = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local stalledKey, delayedKey, metaKey, completedKey = KEYS[5], KEYS[6], KEYS[7], KEYS[8]
local metricsKey, prefix, now, points = KEYS[9], ARGV[1], ARGV[2], tonumber(ARGV[3])

local anyStalled = rcall("EXISTS", stalledKey) == 1 -- those that the last look for stalled jobs has marked

local function complete(id, key, made, begun, result, keep)
  if keep == "1" or keep == "3" then
    local at = since(begun, now)
    rcall("ZADD", completedKey, at, id)
    rcall("HSET", key, "atm", (tonumber(made) or 0) + 1, "returnvalue", result, "finishedOn", at)
  else
    rcall("DEL", key, key .. ":logs", key .. ":dependencies", key .. ":processed", key .. ":failed",
      key .. ":unsuccessful")
  end
  rcall("XADD", eventsKey, "*", "event", "completed", "jobId", id, "returnvalue", result, "prev", "active")
  return 0
end

local function finish(id, token, result, keep)
  local key = prefix .. id
  local job = rcall("HMGET", key, "timestamp", "parentKey", "deid", "atm", "processedOn")
  if not job[1] and rcall("EXISTS", key) == 0 then return -1 end
  if job[2] or job[3] or rcall("EXISTS", key .. ":dependencies", key .. ":unsuccessful") > 0 then return 1 end
  local holder = rcall("GET", key .. ":lock")
  if holder ~= token then return holder and -6 or -2 end
  rcall("DEL", key .. ":lock")
  if anyStalled then rcall("SREM", stalledKey, id) end
  if rcall("LREM", activeKey, -1, id) < 1 then return -3 end
  return complete(id, key, job[4], job[5], result, keep)
end

-- What one call of BullMQ's collectMetrics for each of the jobs does: only the first of a minute adds points.
local function collect(count)
  local before = rcall("HINCRBY", metricsKey, "count", count) - count
  local last = rcall("HMGET", metricsKey, "prevTS", "prevCount")
  if not last[1] then
    rcall("HSET", metricsKey, "prevTS", now, "prevCount", 0)
    return
  end
  local minutes = math.min(math.floor(now / 60000) - math.floor(last[1] / 60000), points)
  if minutes < 1 then return end
  rcall("LPUSH", metricsKey .. ":data", before - last[2])
  local idle = {}
  for minute = 2, minutes do
    idle[#idle + 1] = 0
    if #idle == 5000 or minute == minutes then
      rcall("LPUSH", metricsKey .. ":data", unpack(idle))
      idle = {}
    end
  end
  rcall("LTRIM", metricsKey .. ":data", 0, points - 1)
  rcall("HSET", metricsKey, "prevCount", before, "prevTS", now)
end

local maxEvents = rcall("HGET", metaKey, "opts.maxLenEvents")
if not maxEvents then
  maxEvents = 10000
  rcall("HSET", metaKey, "opts.maxLenEvents", maxEvents)
end
rcall("XTRIM", eventsKey, "MAXLEN", "~", maxEvents)

local codes, done = {}, 0
local leaving = {["2"] = {}, ["3"] = {}}
for at = 4, #ARGV, 4 do
  local code = finish(ARGV[at], ARGV[at + 1], ARGV[at + 2], ARGV[at + 3])
  codes[#codes + 1] = code
  if code == 0 then
    done = done + 1
    local grouped = leaving[ARGV[at + 3]]
    if grouped then grouped[#grouped + 1] = ARGV[at] end
  end
end

if #leaving["2"] + #leaving["3"] > 0 then
  local groups = open_groups(prefix, tonumber(now))
  groups.forget(leaving["2"], true)
  groups.leave(leaving["3"])
  groups.flush()
end

if done > 0 and points > 0 then collect(done) end
if done > 0 and rcall("LLEN", waitKey) == 0 and rcall("LLEN", activeKey) == 0 and rcall("ZCARD", prioritizedKey) == 0
  and rcall("ZCOUNT", delayedKey, 0, (now + 1) * 0x1000 - 1) == 0 then
  rcall("XADD", eventsKey, "*", "event", "drained")
end
return codes
