--[[
  admit: put the jobs of a call that `stage` stored in the wait list, in order; or none, when not all are there.

  It leaves the same data and events as `add`.

  KEYS  staged, wait, meta, events, marker, active
  ARGV  [1] key prefix of the queue; [2] how many jobs the call has, 0 to give it up
  Returns whether they are in the queue (1); otherwise nothing of the call is left (0).
]]
--@include arrivals
local rcall = redis.call
local waitKey, metaKey, eventsKey = KEYS[2], KEYS[3], KEYS[4]
local staged = rcall("LRANGE", KEYS[1], 0, -1)

-- Whoever looks for jobs that no queue knows may have removed some of these meanwhile.
local function are_all_there()
  if #staged == 0 or #staged ~= 2 * ARGV[2] then return false end
  local keys, found = {}, 0
  for i = 1, #staged, 2 do
    keys[#keys + 1] = ARGV[1] .. staged[i]
    if #keys == 1000 or i == #staged - 1 then
      found = found + rcall("EXISTS", unpack(keys))
      keys = {}
    end
  end
  return found == #staged / 2
end

if not are_all_there() then
  for i = 1, #staged, 2 do
    rcall("DEL", ARGV[1] .. staged[i])
  end
  rcall("DEL", KEYS[1])
  return 0
end

local maxEvents, held = arrivals(metaKey, KEYS[6])
local ids = {}
for i = 1, #staged, 2 do
  local id = staged[i]
  ids[#ids + 1] = id
  rcall("XADD", eventsKey, "*", "event", "added", "jobId", id, "name", staged[i + 1])
  rcall("XADD", eventsKey, "*", "event", "waiting", "jobId", id)
  if #ids == 1000 or i == #staged - 1 then
    rcall("LPUSH", waitKey, unpack(ids))
    ids = {}
  end
end
rcall("DEL", KEYS[1])
rcall("XTRIM", eventsKey, "MAXLEN", "~", maxEvents)

if not held then
  rcall("ZADD", KEYS[5], "0", "0")
end
return 1
