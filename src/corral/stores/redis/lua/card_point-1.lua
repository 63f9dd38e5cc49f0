--[[
  card_point: forget in which queue jobs are, where it is still this one.

  KEYS  hash: job -> queue
  ARGV  the queue, then the jobs
]]
for i = 2, #ARGV do
  if redis.call("HGET", KEYS[1], ARGV[i]) == ARGV[1] then redis.call("HDEL", KEYS[1], ARGV[i]) end
end
return #ARGV - 1
