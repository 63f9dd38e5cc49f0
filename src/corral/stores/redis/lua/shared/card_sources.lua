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

  local function ids_of_sets(keys)
    local ids, seen = {}, {}
    for _, key in ipairs(keys) do
      for _, id in ipairs(rcall("ZRANGE", key, 0, -1)) do
        if not seen[id] then
          seen[id] = true
          ids[#ids + 1] = id
        end
      end
    end
    return ids
  end

  -- The key of one set to go along, and nil, or nil and the ids, which are in no order; `skip` is the condition that
  -- they all meet.
  function self.best()
    local ordered = query.app and cards.app(query.app) or cards.time
    local size, skip = rcall("ZCOUNT", ordered, query.low, query.high), 0
    local union, union_size, union_skip = nil, query.look + 1, 0
    for i, condition in ipairs(query.conditions) do
      local keys = sets_of(condition)
      local found = keys and size_of(keys)
      if keys and #keys == 1 and found < size and condition[1] == "of" then
        ordered, size, skip = keys[1], found, i
      elseif keys and found < union_size then
        union, union_size, union_skip = function() return ids_of_sets(keys) end, found, condition[1] == "of" and i or 0
      end
    end
    if query.places then
      local found = states_size()
      if found < union_size then union, union_size, union_skip = ids_of_states, found, 0 end
    end
    if union and union_size < size then return nil, union(), union_skip end
    return ordered, nil, skip
  end

  return self
end
