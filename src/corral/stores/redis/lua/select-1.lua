--[[
  The jobs among the given ids that a search asks for.

  KEYS[1] what leads the keys of the queue's jobs
  ARGV[1] how many at most
  ARGV[2] their name, ARGV[3] how their id begins; "" is any
  ARGV[4], ARGV[5] added from (included) and to (not included), in ms; "" is any
  ARGV[6...] the ids
  returns how many of the ids were looked at, and {id, fields} for each job found
]]
local rcall = redis.call
local limit, name, prefix = tonumber(ARGV[1]), ARGV[2], ARGV[3]
local from, to = tonumber(ARGV[4]), tonumber(ARGV[5])

local function wanted(key)
  local fields = rcall("HMGET", key, "timestamp", "name")
  local added = tonumber(fields[1] or "")
  return added and (name == "" or fields[2] == name) and (not from or added >= from) and (not to or added < to)
end

local found, looked_at = {}, 0
for i = 6, #ARGV do
  if #found == limit then break end
  local id = ARGV[i]
  local key = KEYS[1] .. id
  looked_at = looked_at + 1
  if id:sub(1, #prefix) == prefix and wanted(key) then
    found[#found + 1] = {id, rcall("HGETALL", key)}
  end
end
return {looked_at, found}
