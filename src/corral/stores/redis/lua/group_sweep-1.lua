--[[
  group_sweep: a bounded look after all groups of a queue. Jobs that are due go on, and some holders and members,
  from where the last look ended, are settled: a foreign program may have ended or removed them.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] now (ms), [3] about how many of each to look at
  Returns how many jobs became ready, and the groups that have no job left.
]]
--@include groups
--@include due
local rcall = redis.call
local prefix, now, most = ARGV[1], tonumber(ARGV[2]), ARGV[3]
local own = prefix .. "corral:"
if rcall("EXISTS", own .. "groups", own .. "members") == 0 then return {0, {}} end
local groups = open_groups(prefix, now)

local function scan(name)
  local reply = rcall("HSCAN", own .. name, rcall("HGET", own .. "swept", name) or 0, "COUNT", most)
  rcall("HSET", own .. "swept", name, reply[1])
  local ids = {}
  for i = 1, #reply[2], 2 do ids[#ids + 1] = reply[2][i] end
  return ids
end

open_due(groups, prefix, now).promote(1000)
local ended, gone = {}, {}
for _, id in ipairs(scan("holders")) do
  local job = rcall("HMGET", prefix .. id, "timestamp", "finishedOn")
  local list = not job[1] and gone or job[2] and ended
  if list then list[#list + 1] = id end
end
groups.leave(ended)
groups.forget(gone)
gone = {}
for _, id in ipairs(scan("members")) do
  if rcall("EXISTS", prefix .. id) == 0 then gone[#gone + 1] = id end
end
groups.forget(gone)
return groups.flush()
