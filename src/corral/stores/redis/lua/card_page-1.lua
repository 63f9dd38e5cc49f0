--[[
  card_page: cards of a queue that meet all conditions, newest first; bounded by how many it looks at.

  KEYS  meta
  ARGV  [1] key prefix of the queue, [2] the query as JSON:
        app         the application or null
        low, high   turns, as ZRANGEBYSCORE takes them
        from        null, or {turn, job or ""}: the place after which to begin; with "" at that turn
        conditions  {"of", member, texts}, or {"n" or "s", member, low, high, test} with the ends as ZRANGEBYSCORE or
                    ZRANGEBYLEX takes them, and the test as {low: false or [value, included], high: same, prefix}
        states, places   null, or states of jobs and the names of BullMQ's keys for them
        limit, look
  Returns {job, turn, state, card} for each, 1 when that was all, turn and job up to which all was looked at, and
  jobs that are gone.
]]
--@include cards
--@include card_sources
--@include card_checks
local rcall, chunk = redis.call, 200
local prefix, query = ARGV[1], cjson.decode(ARGV[2])
for name, value in pairs(query) do
  if value == cjson.null then query[name] = nil end
end
local cards = open_cards(prefix)
local checks = open_checks(cards, prefix, query)
local old = tonumber(rcall("TIME")[1]) * 1024000 - 60 * 1024000
local wanted
if query.states then
  wanted = {}
  for _, state in ipairs(query.states) do wanted[state] = true end
end
local found, gone, ended, at_turn, at_id = {}, {}, 0, "", ""

local function after_place(turn, id)
  if not query.from then return true end
  local from = tonumber(query.from[1])
  if turn ~= from then return turn < from end
  return query.from[2] == "" or checks.before(id, query.from[2])
end

-- Takes of the ids, with their turns, what is asked for; whether the page is full.
local function take(ids, turns, skip)
  local passed = {}
  for _, id in ipairs(checks.passed(ids, skip)) do passed[id] = true end
  for i, id in ipairs(ids) do
    at_turn, at_id = turns[i], id
    if passed[id] then
      if rcall("EXISTS", prefix .. id) == 0 then
        if tonumber(turns[i]) < old then gone[#gone + 1] = id end
      else
        local state = checks.state(id)
        if not wanted or wanted[state] then
          found[#found + 1] = {id, turns[i], state, rcall("HGET", cards.all, id)}
          if #found == query.limit then return true end
        end
      end
    end
  end
  return false
end

-- The same, a few at a time.
local function in_chunks(ids, turns, skip)
  for first = 1, #ids, chunk do
    local some, theirs = {}, {}
    for i = first, math.min(#ids, first + chunk - 1) do
      some[#some + 1], theirs[#theirs + 1] = ids[i], turns[i]
    end
    if take(some, theirs, skip) then return true end
  end
  return false
end

local function newest_first(entries)
  table.sort(entries, function(a, b)
    if a[1] ~= b[1] then return a[1] > b[1] end
    return checks.before(b[2], a[2])
  end)
  local ids, turns = {}, {}
  for i, entry in ipairs(entries) do ids[i], turns[i] = entry[2], entry[3] end
  return ids, turns
end

local function sort_and_take(ids)
  local entries = {}
  for first = 1, #ids, chunk do
    local last = math.min(#ids, first + chunk - 1)
    for i, turn in ipairs(rcall("ZMSCORE", cards.time, unpack(ids, first, last))) do
      local id = ids[first + i - 1]
      local number = turn and tonumber(turn)
      if number and number >= query.low and number < query.high and after_place(number, id) then
        entries[#entries + 1] = {number, id, turn}
      end
    end
  end
  local sorted, turns = newest_first(entries)
  if not in_chunks(sorted, turns, 0) then ended = 1 end
end

-- Along several sets at once: of each the newest some, of which only those count that are newer than what a set that
-- has more has not shown yet.
local function walk(keys, skip)
  local low, share = string.format("%.0f", query.low), math.max(8, math.ceil(2 * chunk / #keys))
  local high = query.from and query.from[1] or "(" .. string.format("%.0f", query.high)
  local looked = 0
  while looked < query.look do
    local entries, cut, newest = {}, nil, nil
    for _, key in ipairs(keys) do
      local rows = rcall("ZREVRANGEBYSCORE", key, high, low, "WITHSCORES", "LIMIT", 0, share)
      for i = 1, #rows, 2 do
        local turn = tonumber(rows[i + 1])
        newest = math.max(newest or turn, turn)
        if after_place(turn, rows[i]) then entries[#entries + 1] = {turn, rows[i], rows[i + 1]} end
      end
      if #rows == share * 2 then cut = math.max(cut or 0, tonumber(rows[#rows])) end
    end
    looked = looked + math.max(#entries, share)
    if cut then
      local kept = {}
      for _, entry in ipairs(entries) do
        if entry[1] > cut then kept[#kept + 1] = entry end
      end
      entries = kept
    end
    local ids, turns = newest_first(entries)
    if in_chunks(ids, turns, skip) then return end
    if not cut then
      ended = 1
      return
    end
    if cut == newest then share = share * 2 end -- all of one turn
    high = string.format("%.0f", cut)
    query.from = {high, ""}
    at_turn, at_id = high, ""
  end
end

local keys, skip, ids = open_sources(cards, prefix, query).best()
if keys then walk(keys, skip) else sort_and_take(ids) end
for _, id in ipairs(gone) do cards.drop(id) end
return {found, ended, at_turn, at_id, gone}
