--[[
  open_checks: which cards meet the conditions of a page, and in which states their jobs are.
  Needs `open_cards`.
]]
local function open_checks(cards, prefix, query)
  local rcall, self = redis.call, {}
  local sorted = {"completed", "failed", "delayed", "prioritized", "waiting-children"}
  local active

  -- Byte by byte, as the engine orders texts: `<` would go by the locale.
  function self.before(a, b)
    for i = 1, math.min(#a, #b) do
      local x, y = a:byte(i), b:byte(i)
      if x ~= y then return x < y end
    end
    return #a < #b
  end

  local function keep(ids, holds)
    local kept = {}
    for i, id in ipairs(ids) do
      if holds(i, id) then kept[#kept + 1] = id end
    end
    return kept
  end

  -- Those that are in one of the sets.
  local function in_any(ids, keys)
    if #ids == 0 then return ids end
    local scores = {}
    for i, key in ipairs(keys) do scores[i] = rcall("ZMSCORE", key, unpack(ids)) end
    return keep(ids, function(i)
      for _, found in ipairs(scores) do
        if found[i] then return true end
      end
      return false
    end)
  end

  local function above(value, low, number)
    if low == false then return true end
    local bound, included = low[1], low[2]
    if value == bound then return included end
    if number then return value > bound end
    return self.before(bound, value)
  end

  local function meets(term, condition)
    local kind, test = condition[1], condition[5]
    if term[1] ~= condition[2] or term[2] ~= kind then return false end
    if test.prefix then return string.sub(term[3], 1, #test.prefix) == test.prefix end
    if kind == "n" then
      local value = tonumber(term[3])
      local high = test.high and {-test.high[1], test.high[2]}
      return above(value, test.low, true) and above(-value, high, true)
    end
    local high = test.high
    if high and not (term[3] == high[1] and high[2] or self.before(term[3], high[1])) then return false end
    return above(term[3], test.low, false)
  end

  -- Those whose terms meet the ranges and prefixes.
  local function in_ranges(ids, ranges)
    if #ids == 0 or #ranges == 0 then return ids end
    local values = rcall("HMGET", cards.all, unpack(ids))
    return keep(ids, function(i)
      if not values[i] then return false end
      local _, terms = cards.split(values[i])
      for _, condition in ipairs(ranges) do
        local met = false
        for _, term in ipairs(terms) do met = met or meets(term, condition) end
        if not met then return false end
      end
      return true
    end)
  end

  -- The state of a job that is there. Those of a queue that BullMQ 5 has paused, and those that wait for a place of
  -- their group, are waiting.
  function self.state(id)
    for _, name in ipairs(sorted) do
      if rcall("ZSCORE", prefix .. name, id) then
        local grouped = name == "waiting-children" and rcall("HEXISTS", prefix .. "corral:members", id) == 1
        return grouped and "waiting" or name
      end
    end
    if not active then
      active = {}
      for _, one in ipairs(rcall("LRANGE", prefix .. "active", 0, -1)) do active[one] = true end
    end
    return active[id] and "active" or "waiting"
  end

  -- Those of a few ids that meet every condition but the one that they were found by.
  function self.passed(ids, skip)
    if query.app then ids = in_any(ids, {cards.app(query.app)}) end
    local ranges = {}
    for i, condition in ipairs(query.conditions) do
      if condition[1] ~= "of" then
        ranges[#ranges + 1] = condition
      elseif i ~= skip then
        local keys = {}
        for at, text in ipairs(condition[3]) do keys[at] = cards.eq(condition[2], text) end
        ids = in_any(ids, keys)
      end
    end
    return in_ranges(ids, ranges)
  end

  return self
end
