--[[
  Members of a sorted set after a place, which is a score and a member that need not be there any more.

  KEYS[1] the set
  ARGV[1] "asc" or "desc"
  ARGV[2] how many at most
  ARGV[3], ARGV[4] score and member of the place; a score of "" is the beginning
  ARGV[5], ARGV[6] the lowest and the highest score wanted, as ZCOUNT takes them
  returns member, score, member, score, ...
]]
local rcall = redis.call
local key, ascending = KEYS[1], ARGV[1] == "asc"

-- Byte by byte, as the engine orders members: `<` would go by the locale.
local function before(a, b)
  for i = 1, math.min(#a, #b) do
    local x, y = a:byte(i), b:byte(i)
    if x ~= y then return x < y end
  end
  return #a < #b
end

-- How many stand before the place: a binary search among those of the same score.
local function rank(score, member)
  local low = rcall("ZCOUNT", key, "-inf", "(" .. score)
  local high = rcall("ZCOUNT", key, "-inf", score)
  while low < high do
    local middle = math.floor((low + high) / 2)
    if before(rcall("ZRANGE", key, middle, middle)[1], member) then low = middle + 1 else high = middle end
  end
  return low
end

-- The wanted ranks are first..last, counted from the lowest.
local first = 0
if ARGV[5] ~= "-inf" then
  first = rcall("ZCARD", key) - rcall("ZCOUNT", key, ARGV[5], "+inf")
end
local last = rcall("ZCOUNT", key, "-inf", ARGV[6]) - 1
if ARGV[3] ~= "" then
  local at = rank(ARGV[3], ARGV[4])
  if not ascending then
    last = math.min(last, at - 1)
  else
    local there = rcall("ZRANGE", key, at, at)[1] == ARGV[4]
    first = math.max(first, there and at + 1 or at)
  end
end

local count = tonumber(ARGV[2])
if first > last then return {} end
if ascending then
  return rcall("ZRANGE", key, first, math.min(last, first + count - 1), "WITHSCORES")
end
local size = rcall("ZCARD", key)
return rcall("ZREVRANGE", key, size - 1 - last, size - 1 - math.max(first, last - count + 1), "WITHSCORES")
