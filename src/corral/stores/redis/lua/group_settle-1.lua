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
local ended, gone = {}, {}
for i = 4, #ARGV do
  local job = rcall("HMGET", prefix .. ARGV[i], "timestamp", "finishedOn")
  if forget and not job[1] then
    gone[#gone + 1] = ARGV[i]
  elseif job[2] or not job[1] then
    ended[#ended + 1] = ARGV[i]
  end
end
groups.forget(gone)
groups.leave(ended)
return groups.flush()
