--[[
  card_drop: take cards away.

  KEYS  meta
  ARGV  [1] key prefix of the queue, then the jobs
]]
--@include cards
local cards = open_cards(ARGV[1])
for i = 2, #ARGV do cards.drop(ARGV[i]) end
return #ARGV - 1
