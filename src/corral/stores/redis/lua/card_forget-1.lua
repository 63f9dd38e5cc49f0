--[[
  card_forget: leave a queue out of the index, unless a card came there lately.

  KEYS  sorted set: queue -> turn of its last card
  ARGV  the queue, the turn up to which it may be left out
  Returns whether it was.
]]
local score = redis.call("ZSCORE", KEYS[1], ARGV[1])
if score and tonumber(score) < tonumber(ARGV[2]) then return redis.call("ZREM", KEYS[1], ARGV[1]) end
return 0
