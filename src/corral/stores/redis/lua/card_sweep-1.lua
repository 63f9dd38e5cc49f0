--[[
  card_sweep: a bounded look at cards, oldest first; those whose jobs are gone are taken away.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] how many at most, [3], [4] turn and job of the last one looked at ("" at
        first)
  Returns how many were looked at, the turn and the job to go on from, and the jobs that are gone.
]]
--@include cards
local rcall = redis.call
local prefix, most = ARGV[1], tonumber(ARGV[2])
local cards = open_cards(prefix)
local old = string.format("%.0f", (tonumber(rcall("TIME")[1]) - 60) * 1024000)
local low = ARGV[3] == "" and "-inf" or ARGV[3]
local found = rcall("ZRANGEBYSCORE", cards.time, low, old, "WITHSCORES", "LIMIT", 0, most)
local looked, gone, turn, last = 0, {}, ARGV[3], ARGV[4]
for i = 1, #found, 2 do
  local id = found[i]
  if not (found[i + 1] == ARGV[3] and id == ARGV[4]) then
    looked, turn, last = looked + 1, found[i + 1], id
    if rcall("EXISTS", prefix .. id) == 0 then
      cards.drop(id)
      gone[#gone + 1] = id
    end
  end
end
return {looked, turn, last, gone}
