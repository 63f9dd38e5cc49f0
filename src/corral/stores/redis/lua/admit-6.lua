--[[
  admit: put the jobs of a call that `stage` stored in the wait list, in order; or none, when not all are there.

  It leaves the same data and events as `add`.

  KEYS  staged, wait, meta, events, marker, active
  ARGV  [1] key prefix of the queue; [2] how many jobs the call has, 0 to give it up
  Returns whether they are in the queue (1); otherwise nothing of the call is left (0).
]]
--@include arrivals
local rcall, prefix = redis.call, ARGV[1]
local waitKey, metaKey, eventsKey = KEYS[2], KEYS[3], KEYS[4]
local staged = rcall("LRANGE", KEYS[1], 0, -1) -- id, name, id, name ...
local count = #staged / 2

-- Whoever looks for jobs that no queue knows may have removed some of these meanwhile.
local function are_all_there()
  if count == 0 or count ~= tonumber(ARGV[2]) then return false end
  local keys, found = {}, 0
  for i = 1, count do keys[i] = prefix .. staged[2 * i - 1] end
  for from = 1, count, 1000 do
    found = found + rcall("EXISTS", unpack(keys, from, math.min(from + 999, count)))
  end
  return found == count
end

if not are_all_there() then
  for i = 1, count do
    rcall("DEL", prefix .. staged[2 * i - 1])
  end
  rcall("DEL", KEYS[1])
  return 0
end

local maxEvents, held = arrivals(metaKey, KEYS[6])
local ids = {}
for i = 1, count do
  local id = staged[2 * i - 1]
  ids[i] = id
  rcall("XADD", eventsKey, "*", "event", "added", "jobId", id, "name", staged[2 * i])
  rcall("XADD", eventsKey, "*", "event", "waiting", "jobId", id)
end
for from = 1, count, 1000 do
  rcall("LPUSH", waitKey, unpack(ids, from, math.min(from + 999, count)))
end
rcall("DEL", KEYS[1])
rcall("XTRIM", eventsKey, "MAXLEN", "~", maxEvents)

if not held then
  rcall("ZADD", KEYS[5], "0", "0")
end
return 1
