--[[
  group_priority: a job's place in the line of its group tells that the job may have a priority.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] now (ms), [3] id
]]
local rcall, own, id = redis.call, ARGV[1] .. "corral:", ARGV[3]
local name = rcall("HGET", own .. "members", id)
local turn = name and rcall("ZSCORE", own .. "line:" .. name, id)
if turn then rcall("ZADD", own .. "line:" .. name, math.floor(turn) + 0.5, id) end
