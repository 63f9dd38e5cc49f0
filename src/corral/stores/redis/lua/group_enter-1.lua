--[[
  group_enter: jobs that were just stored as waiting for children join their groups; those that have are left alone.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] now (ms); then the ids
]]
--@include groups
--@include due
local rcall = redis.call
local prefix = ARGV[1]
local groups = open_groups(prefix, tonumber(ARGV[2]))
local due = open_due(groups, prefix, tonumber(ARGV[2]))
local parkedKey = prefix .. "waiting-children"

-- Whether its place in the group is known; a job of that id, long gone, may have left less.
local function is_known(id)
  local name = groups.of(id)
  if not name or not rcall("ZSCORE", parkedKey, id) then return name end
  return rcall("ZSCORE", prefix .. "corral:line:" .. name, id) or rcall("ZSCORE", prefix .. "corral:due", id)
end

local function enter(id)
  local job = rcall("HMGET", prefix .. id, "opts", "timestamp", "delay", "priority")
  local name, places = groups.wish(job[1])
  if not name or rcall("ZREM", parkedKey, id) == 0 then return end
  groups.forget({id})
  groups.join(id, name, places)
  local delay = tonumber(job[3]) or 0
  if delay > 0 then
    due.park(id, job[2] + delay)
    groups.event("delayed", id, "delay", job[2] + delay)
  else
    groups.enter(id, name, job[4])
    groups.event("waiting", id, "prev", "waiting-children")
  end
end

for i = 3, #ARGV do
  if not is_known(ARGV[i]) then enter(ARGV[i]) end
end
groups.flush()
