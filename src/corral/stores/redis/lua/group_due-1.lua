--[[
  group_due: changes when a delayed job of a group is due.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] now (ms), [3] id, [4] delay from now (ms), 0 to end it
  Returns 1, or 0 when it is not delayed.
]]
--@include groups
--@include due
local rcall = redis.call
local prefix, now, id, delay = ARGV[1], tonumber(ARGV[2]), ARGV[3], tonumber(ARGV[4])
local groups = open_groups(prefix, now)
local due = open_due(groups, prefix, now)
if delay == 0 then
  local went = due.go(id)
  groups.flush()
  return went and 1 or 0
end
if rcall("ZREM", prefix .. "corral:due", id) == 0 then return 0 end
rcall("HSET", prefix .. id, "delay", delay)
due.park(id, now + delay)
groups.event("delayed", id, "delay", now + delay)
return 1
