--[[
  Replaces a field of a job, if it still is what the caller read.

  KEYS[1] the job
  ARGV[1] the field
  ARGV[2] what it was
  ARGV[3] what it is to be
  returns 1; 0 when it has changed or the job is gone
]]
if redis.call("HGET", KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call("HSET", KEYS[1], ARGV[1], ARGV[3])
return 1
