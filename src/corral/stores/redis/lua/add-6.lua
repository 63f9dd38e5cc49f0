--[[
  add: store plain jobs and put them in the wait list, in order.

  Plain: no delay, priority, parent, custom or deduplication id; everything else goes to BullMQ's addStandardJob,
  which leaves the same data and events for a job like these.

  KEYS  wait, meta, id, events, marker, active
  ARGV  [1] key prefix of the queue; then per job: name, data (JSON), options (JSON), timestamp (ms)
  Returns the id of the first job; the others follow it without a gap.
]]
--@include arrivals
local rcall = redis.call
local waitKey, metaKey, eventsKey = KEYS[1], KEYS[2], KEYS[4]
local count = (#ARGV - 1) / 4
local first = rcall("INCRBY", KEYS[3], count) - count + 1

local maxEvents, held = arrivals(metaKey, KEYS[6])
local ids = {}
for i = 0, count - 1 do
  local at = 4 * i + 2
  local id = string.format("%d", first + i)
  local name = ARGV[at]
  ids[#ids + 1] = id
  rcall("HSET", ARGV[1] .. id, "name", name, "data", ARGV[at + 1], "opts", ARGV[at + 2],
    "timestamp", ARGV[at + 3], "delay", "0", "priority", "0")
  rcall("XADD", eventsKey, "*", "event", "added", "jobId", id, "name", name)
  rcall("XADD", eventsKey, "MAXLEN", "~", maxEvents, "*", "event", "waiting", "jobId", id)
  if #ids == 1000 or i == count - 1 then
    rcall("LPUSH", waitKey, unpack(ids))
    ids = {}
  end
end

if not held then
  rcall("ZADD", KEYS[5], "0", "0")
end
return first
