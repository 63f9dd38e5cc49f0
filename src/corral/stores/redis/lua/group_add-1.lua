--[[
  group_add: store jobs of which some have a group, in order; each gets a place of its group or the end of its line.

  The others are plain, as in `add`. No job has a parent, custom or deduplication id.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] now (ms); then per job: group or "", its places, name, data (JSON),
        options (JSON), timestamp (ms), delay (ms), priority
  Returns the id of the first job; the others follow it without a gap.
]]
--@include groups
--@include due
local rcall = redis.call
local prefix, now = ARGV[1], tonumber(ARGV[2])
local groups = open_groups(prefix, now)
local due = open_due(groups, prefix, now)
local count = (#ARGV - 2) / 8
local first = rcall("INCRBY", prefix .. "id", count) - count + 1
local maxEvents = rcall("HGET", KEYS[1], "opts.maxLenEvents")
if not maxEvents then
  maxEvents = 10000
  rcall("HSET", KEYS[1], "opts.maxLenEvents", maxEvents)
end
rcall("XTRIM", prefix .. "events", "MAXLEN", "~", maxEvents)

-- Records of jobs that had such an id before a foreign program emptied the queue.
if groups.of(string.format("%.0f", first)) then
  local ids = {}
  for i = 1, count do ids[i] = string.format("%.0f", first + i - 1) end
  groups.forget(ids)
end

local function store(id, name, at)
  local timestamp, delay = ARGV[at + 5], tonumber(ARGV[at + 6])
  rcall("HSET", prefix .. id, "name", ARGV[at + 2], "data", ARGV[at + 3], "opts", ARGV[at + 4],
    "timestamp", timestamp, "delay", delay, "priority", ARGV[at + 7])
  groups.event("added", id, "name", ARGV[at + 2])
  if name == "" then
    groups.ready(id)
    return groups.event("waiting", id)
  end
  groups.join(id, name, tonumber(ARGV[at + 1]))
  if delay > 0 then
    due.park(id, timestamp + delay)
    groups.event("delayed", id, "delay", timestamp + delay)
  else
    groups.enter(id, name, ARGV[at + 7])
    groups.event("waiting", id)
  end
end

local names = {}
for i = 1, count do names[i] = ARGV[8 * i - 5] end
groups.load(names)
for i = 0, count - 1 do
  store(string.format("%.0f", first + i), ARGV[8 * i + 3], 8 * i + 3)
end
groups.flush()
return first
