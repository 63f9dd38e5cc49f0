--[[
  record: change one record of a kind, if it is what the caller thinks, and count the change.

  KEYS  hash of the kind; its field "" is the revision
  ARGV  id; guard (any, none: no record, same: this one), the record it must be; change (put, drop), the new record
  Returns 1, or 0 when the guard does not hold.
]]
local key, id = KEYS[1], ARGV[1]
local present = redis.call("HGET", key, id)
if ARGV[2] == "none" and present or ARGV[2] == "same" and present ~= ARGV[3] then
  return 0
end
if ARGV[4] == "put" then
  redis.call("HSET", key, id, ARGV[5])
else
  redis.call("HDEL", key, id)
end
redis.call("HINCRBY", key, "", 1)
return 1
