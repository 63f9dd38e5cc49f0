--[[
  template: remember the data of a repeatable job of BullMQ 5.

  BullMQ 5 keeps that only in the newest of its jobs; the official script for the next iteration takes the data
  from the scheduler, or none. A real scheduler counts its iterations in `ic`, and has the data that it should have.

  KEYS  scheduler
  ARGV  [1] data (JSON)
]]
local scheduler = KEYS[1]
if ARGV[1] ~= "{}" and redis.call("EXISTS", scheduler) == 1 and redis.call("HEXISTS", scheduler, "ic") == 0 then
  redis.call("HSETNX", scheduler, "data", ARGV[1])
end
return 0
