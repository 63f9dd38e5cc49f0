--[[
  since: the time `now` (ms) of a call as a job's history may tell it: not before what came first, as the call can have
  waited since it read its clock, or that be behind another's. What lies more than a minute ahead is no time that has
  been. `before` may be nil or false.
]]
local function since(before, now)
  local ahead = (tonumber(before or 0) or 0) - tonumber(now)
  return ahead > 0 and ahead <= 60000 and before or now
end
