--[[
  schedulers: some of a queue's job schedulers, by their next run, each with the job that it waits for.

  KEYS  repeat
  ARGV  [1] how: one (2: id), asc or desc (2, 3: first and last position, -1 the last of all) or
        after (2: count; 3, 4: next run and id of the last one seen, or nothing)
  Returns for each: id, next run, record; options, first start and end of its next job.
]]
local rcall = redis.call
local repeatKey, how = KEYS[1], ARGV[1]

local function following(nextRun, id)
  -- One that has moved on since it was seen may be met again; none is passed over.
  if rcall("ZSCORE", repeatKey, id) == nextRun then
    return rcall("ZRANK", repeatKey, id) + 1
  end
  return rcall("ZCOUNT", repeatKey, "-inf", "(" .. nextRun)
end

local found
if how == "one" then
  local nextRun = rcall("ZSCORE", repeatKey, ARGV[2])
  found = nextRun and { ARGV[2], nextRun } or {}
elseif how == "after" then
  local first = ARGV[3] and following(ARGV[3], ARGV[4]) or 0
  found = rcall("ZRANGE", repeatKey, first, first + ARGV[2] - 1, "WITHSCORES")
else
  local command = how == "asc" and "ZRANGE" or "ZREVRANGE"
  found = rcall(command, repeatKey, ARGV[2], ARGV[3], "WITHSCORES")
end

local schedulers = {}
for i = 1, #found, 2 do
  local key = repeatKey .. ":" .. found[i]
  schedulers[#schedulers + 1] = {
    found[i],
    found[i + 1],
    rcall("HGETALL", key),
    rcall("HMGET", key .. ":" .. found[i + 1], "opts", "processedOn", "finishedOn"),
  }
end
return schedulers
