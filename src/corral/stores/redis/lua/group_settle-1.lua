--[[
  group_settle: jobs that have ended or are gone give their places back; those that are gone count no more.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] now (ms), [3] "1" to let go of jobs that are gone, "0" of their places only;
        then the ids
  Returns how many jobs became ready, and the groups that have no job left.
]]
--@include groups
local rcall = redis.call
local prefix, forget = ARGV[1], ARGV[3] == "1"
local groups = open_groups(prefix, tonumber(ARGV[2]))
for i = 4, #ARGV do
  local id = ARGV[i]
  local job = rcall("HMGET", prefix .. id, "timestamp", "finishedOn")
  if forget and not job[1] then
    groups.forget(id)
  elseif job[2] or not job[1] then
    groups.leave(id)
  end
end
return groups.flush()
