--[[
  hold: keep a parent waiting while its children are added one by one, some of which may have completed before.

  KEYS  the parent, its dependencies
  Returns 1, or 0 when there is no such job.
]]
if redis.call("EXISTS", KEYS[1]) == 0 then
  return 0
end
redis.call("SADD", KEYS[2], "held")
return 1
