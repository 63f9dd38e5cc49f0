--[[
  window: count in a window of time that begins with the first thing counted.

  KEYS  counter
  ARGV  amount (negative: give back), the most, length of the window (ms)
  Returns whether it was counted, how much is used, and the ms that are left.
]]
local key, amount, most = KEYS[1], tonumber(ARGV[1]), tonumber(ARGV[2])
local used = tonumber(redis.call("GET", key) or "0")
local left = redis.call("PTTL", key)
if amount < 0 then
  if left > 0 then
    used = math.max(0, used + amount)
    redis.call("SET", key, used, "KEEPTTL")
  end
  return {1, used, math.max(left, 0)}
end
if left <= 0 then
  used, left = 0, tonumber(ARGV[3])
end
if used + amount > most then
  return {0, used, left}
end
redis.call("SET", key, used + amount, "PX", left)
return {1, used + amount, left}
