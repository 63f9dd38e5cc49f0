--[[
  template: remember the data of a scheduler that has none.

  BullMQ 5 keeps the data of its repeatable jobs only in the newest of them; the official script for the next
  iteration takes the data from the scheduler, or none.

  KEYS  scheduler
  ARGV  [1] data (JSON)
]]
if ARGV[1] ~= "{}" and redis.call("EXISTS", KEYS[1]) == 1 then
  redis.call("HSETNX", KEYS[1], "data", ARGV[1])
end
return 0
