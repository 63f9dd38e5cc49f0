--[[
  group_again: jobs of groups that have ended get another turn, at the end of their lines.

  Leaves what BullMQ's reprocessJob leaves, but for where the job goes. With the state "delayed" the delay of jobs ends.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] now (ms), [3] completed, failed or delayed, [4] until when (ms) the jobs
        ended, [5] how many at most to look at; or [4] "" and [5] one id, [6] and [7] "1" to forget attempts made, started
  Returns how many jobs went.
]]
--@include groups
--@include due
local rcall = redis.call
local prefix, now, state = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local groups = open_groups(prefix, now)

local function back_to_parent(key)
  local parent = rcall("HGET", key, "parentKey")
  if not parent or rcall("EXISTS", parent) == 0 then return end
  local was = state == "completed" and rcall("HDEL", parent .. ":processed", key)
    or rcall("ZREM", parent .. ":unsuccessful", key) + rcall("HDEL", parent .. ":failed", key)
  if was > 0 then rcall("SADD", parent .. ":dependencies", key) end
end

local function again(id)
  local key, name, places = prefix .. id, groups.of(id)
  if not name then
    name, places = groups.wish(rcall("HGET", key, "opts"))
    if not name then return 0 end
    groups.join(id, name, places)
  end
  if rcall("ZREM", prefix .. state, id) == 0 then return 0 end
  groups.leave({id}) -- a foreign program has ended it, and nobody has noticed yet
  rcall("HDEL", key, "finishedOn", "processedOn", state == "completed" and "returnvalue" or "failedReason")
  if ARGV[6] == "1" then rcall("HDEL", key, "atm") end
  if ARGV[7] == "1" then rcall("HDEL", key, "ats") end
  back_to_parent(key)
  groups.enter(id, name, rcall("HGET", key, "priority"))
  groups.event("waiting", id, "prev", state)
  return 1
end

local went = 0
if state == "delayed" then
  went = open_due(groups, prefix, now).promote(ARGV[5], "+inf")
elseif ARGV[4] == "" then
  went = again(ARGV[5])
elseif rcall("EXISTS", prefix .. "corral:members") == 1 then
  for _, id in ipairs(rcall("ZRANGEBYSCORE", prefix .. state, 0, ARGV[4], "LIMIT", 0, ARGV[5])) do
    if groups.of(id) then went = went + again(id) end
  end
end
groups.flush()
return went
