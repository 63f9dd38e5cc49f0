--[[
  card_put: put cards in place of those that were there.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] "" or what must be stored of the only card now, then for each card
        its job, the ms of its submission and what is stored of it
  Returns 1, or 0 when something else was stored.
]]
--@include cards
local cards = open_cards(ARGV[1])
if ARGV[2] ~= "" and redis.call("HGET", cards.all, ARGV[3]) ~= ARGV[2] then return 0 end
for i = 3, #ARGV, 3 do
  cards.put(ARGV[i], tonumber(ARGV[i + 1]), ARGV[i + 2])
end
return 1
