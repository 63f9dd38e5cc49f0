--[[
  card_put: put cards in place of those that were there.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] "" or what must be stored of the only card now, then for each card
        its job, the ms of its submission and what is stored of it; a note for the only card, and how many of its
        notes stay
  Returns 1, or 0 when something else was stored.
]]
--@include cards
local rcall = redis.call
local cards = open_cards(ARGV[1])
if ARGV[2] ~= "" and rcall("HGET", cards.all, ARGV[3]) ~= ARGV[2] then return 0 end
for i = 3, #ARGV - 2, 3 do
  cards.put(ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2])
end
if #ARGV == 7 then
  rcall("RPUSH", cards.notes(ARGV[3]), ARGV[6])
  rcall("LTRIM", cards.notes(ARGV[3]), -ARGV[7], -1)
end
return 1
