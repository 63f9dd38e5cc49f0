--[[
  group_delay: a job of a group that BullMQ's moveToDelayed has just delayed, after a failed attempt or without one,
  gives its place back and waits for its time here, where no foreign program makes it ready.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] now (ms), [3] id
]]
--@include groups
--@include due
local rcall = redis.call
local prefix, now, id = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local score = rcall("ZSCORE", prefix .. "delayed", id)
if not score then return end
local groups = open_groups(prefix, now)
local job = rcall("HMGET", prefix .. id, "opts", "priority")
local name = groups.of(id)
if not name then
  local places
  name, places = groups.wish(job[1])
  if not name then return end
  groups.join(id, name, places)
end
rcall("ZREM", prefix .. "delayed", id)
groups.leave({id})
local due = math.floor(score / 0x1000)
if due > now then
  open_due(groups, prefix, now).park(id, due)
else
  groups.enter(id, name, job[2])
  groups.event("waiting", id, "prev", "delayed")
end
groups.flush()
