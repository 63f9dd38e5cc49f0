--[[
  group_parked: some of the jobs that wait in the lines of their groups, and on request of those that are delayed.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] about how many at most, [3] "1" for delayed ones as well, [4] the cursor
  Returns the next cursor, "0" after the last, and the ids.
]]
local rcall = redis.call
local own, most = ARGV[1] .. "corral:", tonumber(ARGV[2])
local reply = rcall("HSCAN", own .. "groups", ARGV[4], "COUNT", 100)
local found = {}
for i = 1, #reply[2], 2 do
  for _, id in ipairs(rcall("ZRANGE", own .. "line:" .. reply[2][i], 0, most - 1)) do found[#found + 1] = id end
end
if ARGV[3] == "1" then
  for _, id in ipairs(rcall("ZRANGE", own .. "due", 0, most - 1)) do found[#found + 1] = id end
end
return {reply[1], found}
