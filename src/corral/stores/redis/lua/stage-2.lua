--[[
  stage: store the data of plain jobs of a large call; `admit` puts them in the queue, all at once.

  KEYS  id, staged (a list of this call alone)
  ARGV  [1] key prefix of the queue; [2] how long an unfinished call is remembered (ms);
        then per job: name, data (JSON), options (JSON), timestamp (ms)
  Returns the id of the first job; the others follow it without a gap.
]]
local rcall = redis.call
local count = (#ARGV - 2) / 4
local first = rcall("INCRBY", KEYS[1], count) - count + 1
local staged = {}
for i = 0, count - 1 do
  local at = 4 * i + 3
  local id = string.format("%d", first + i)
  staged[2 * i + 1], staged[2 * i + 2] = id, ARGV[at]
  rcall("HSET", ARGV[1] .. id, "name", ARGV[at], "data", ARGV[at + 1], "opts", ARGV[at + 2],
    "timestamp", ARGV[at + 3], "delay", "0", "priority", "0")
end
rcall("RPUSH", KEYS[2], unpack(staged))
rcall("PEXPIRE", KEYS[2], ARGV[2])
return first
