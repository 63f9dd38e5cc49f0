--[[
  Members of a list after a place. A list has no keys to go by, so the place is the last members seen, looked for
  around where they stood, counted from either end.

  KEYS[1] the list; new members come in at its head, and workers take from its tail
  ARGV[1] "asc" (from the tail to the head) or "desc"
  ARGV[2] how many at most
  ARGV[3] how far around the place to look
  ARGV[4], ARGV[5] how many members stood between the place and the head, and between it and the tail
  ARGV[6...] the last members seen, the very last first; none: from the beginning
  returns whether the place was found (1 or 0), the length, the index from the head of the first one, the members
]]
local rcall = redis.call
local key, ascending = KEYS[1], ARGV[1] == "asc"
local count, around = tonumber(ARGV[2]), tonumber(ARGV[3])
local length = rcall("LLEN", key)

local function look(from, index)
  local first = math.max(0, from - around)
  if from + around < 0 then return end
  for offset, member in ipairs(rcall("LRANGE", key, first, from + around)) do
    index[member] = first + offset - 1
  end
end

local function find()
  local index = {}
  look(tonumber(ARGV[4]), index)
  look(length - 1 - tonumber(ARGV[5]), index)
  for i = 6, #ARGV do
    if index[ARGV[i]] then return index[ARGV[i]] end
  end
end

local start, found = ascending and length - 1 or 0, 1
if #ARGV > 5 then
  local at = find()
  if at then
    start = ascending and at - 1 or at + 1
  else
    -- Lost. Towards the tail, as many are left as before at most; towards the head there is no telling.
    found = 0
    if not ascending then start = math.max(0, length - tonumber(ARGV[5])) end
  end
end

if start < 0 or start >= length then return {found, length, start, {}} end
if not ascending then
  return {found, length, start, rcall("LRANGE", key, start, start + count - 1)}
end
local members = rcall("LRANGE", key, math.max(0, start - count + 1), start)
for i = 1, math.floor(#members / 2) do
  members[i], members[#members + 1 - i] = members[#members + 1 - i], members[i]
end
return {found, length, start, members}
