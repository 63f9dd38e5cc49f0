--[[
  wish_of: what a job's options (JSON) say of its group: name and places, or nothing.
]]
local function wish_of(opts)
  local wish = opts and string.find(opts, '"group"', 1, true) and cjson.decode(opts)["group"]
  if type(wish) ~= "table" or type(wish["id"]) ~= "string" or wish["id"] == "" then return end
  return wish["id"], math.max(1, math.floor(tonumber(wish["limit"]) or 1))
end
