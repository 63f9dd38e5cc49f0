--[[
  open_sources: from which cards a page begins: the fewest that hold all that is asked for.
  Needs `open_cards`.
]]
local function open_sources(cards, prefix, query)
  local rcall, self = redis.call, {}
  local most_values = 1000

  local function size_of(keys)
    local size = 0
    for _, key in ipairs(keys) do size = size + rcall("ZCARD", key) end
    return size
  end

  -- The sets of a condition, or nil where they are too many.
  local function sets_of(condition)
    local kind, member, keys = condition[1], condition[2], {}
    local texts
    if kind == "of" then
      texts = condition[3]
    elseif kind == "n" then
      texts = rcall("ZRANGEBYSCORE", cards.values(member, "n"), condition[3], condition[4], "LIMIT", 0, most_values + 1)
    else
      local prefix = condition[5].prefix
      local low, high = prefix and "[" .. prefix or condition[3], prefix and "(" .. prefix .. "\255" or condition[4]
      texts = rcall("ZRANGEBYLEX", cards.values(member, "s"), low, high, "LIMIT", 0, most_values + 1)
    end
    if kind ~= "of" and #texts > most_values then return nil end
    for i, text in ipairs(texts) do keys[i] = cards.eq(member, text) end
    return keys
  end

  local lists = {wait = true, paused = true, active = true}

  local function states_size()
    local size = 0
    for _, name in ipairs(query.places) do
      size = size + rcall(lists[name] and "LLEN" or "ZCARD", prefix .. name)
    end
    return size
  end

  local function ids_of_states()
    local ids = {}
    for _, name in ipairs(query.places) do
      local command = lists[name] and "LRANGE" or "ZRANGE"
      for _, id in ipairs(rcall(command, prefix .. name, 0, -1)) do ids[#ids + 1] = id end
    end
    return ids
  end

  -- The keys of sets to go along, which have no job in common, and the condition that their jobs all meet; or nil and
  -- the jobs in certain states, in no order.
  function self.best()
    local keys, skip = {query.app and cards.app(query.app) or cards.time}, 0
    local size = rcall("ZCOUNT", keys[1], query.low, query.high)
    for i, condition in ipairs(query.conditions) do
      local found = sets_of(condition)
      local found_size = found and size_of(found)
      if found and found_size < size then
        keys, size, skip = found, found_size, condition[1] == "of" and i or 0
      end
    end
    if query.places then
      local found = states_size()
      if found < size and found <= query.look then return nil, 0, ids_of_states() end
    end
    return keys, skip
  end

  return self
end
