--[[
  open_cards: what all scripts know of the index of job cards. A script takes this file in where it says
  `--@include cards`. `prefix` leads the queue's keys.

  corral's own keys of the queue, each `prefix .. "corral:cards" .. name`:
    (none)       hash: job -> "length:heads card"; the heads are JSON: application and terms, each (member, kind, text)
    :time        sorted set of all jobs by turn: ms of submission * 1024, and later where that is taken
    :app:NAME    the same of one application
    :eq:N:MEMBER:TEXT   the same of those whose metadata say so; N is the length of MEMBER in bytes
    :n:MEMBER    sorted set of the numbers that the member has, as texts by value
    :s:MEMBER    sorted set of the strings that the member has, by their bytes
    :notes:JOB   list of the notes of a card
    :last        the last turn given, and :old how many behind it
]]
local function open_cards(prefix)
  local rcall, own, self = redis.call, prefix .. "corral:cards", {}
  self.all, self.time = own, own .. ":time"

  function self.app(name) return own .. ":app:" .. name end

  function self.eq(member, text) return own .. ":eq:" .. #member .. ":" .. member .. ":" .. text end

  function self.values(member, kind) return own .. ":" .. kind .. ":" .. member end

  function self.notes(id) return own .. ":notes:" .. id end

  -- The application and the terms of what is stored, and the card.
  function self.split(value)
    local colon = string.find(value, ":", 1, true)
    local last = colon + tonumber(string.sub(value, 1, colon - 1))
    local heads = cjson.decode(string.sub(value, colon + 1, last))
    return heads[1], heads[2], string.sub(value, last + 1)
  end

  -- Turns are told apart, so that a page has a place to end at; those of long ago are at least spread.
  local function turn(submitted)
    local wanted, last = submitted * 1024, tonumber(rcall("GET", own .. ":last") or "0")
    if last - wanted >= 1024000 then return wanted + rcall("INCR", own .. ":old") % 1024 end
    if wanted <= last then wanted = last + 1 end
    if wanted > last then rcall("SET", own .. ":last", string.format("%.0f", wanted)) end
    return wanted
  end

  local function leave(id, app, terms)
    rcall("ZREM", self.app(app), id)
    for _, term in ipairs(terms) do
      local member, kind, text = term[1], term[2], term[3]
      rcall("ZREM", self.eq(member, text), id)
      if kind ~= "b" and rcall("EXISTS", self.eq(member, text)) == 0 then
        rcall("ZREM", self.values(member, kind), text)
      end
    end
  end

  function self.drop(id)
    local value = rcall("HGET", self.all, id)
    if value then
      local app, terms = self.split(value)
      leave(id, app, terms)
      rcall("HDEL", self.all, id)
    end
    rcall("ZREM", self.time, id)
    rcall("DEL", self.notes(id))
  end

  function self.put(id, submitted, value)
    local before = rcall("HGET", self.all, id)
    local at = before and rcall("ZSCORE", self.time, id)
    if not at or math.abs(tonumber(at) - submitted * 1024) >= 1024000 then
      at = string.format("%.0f", turn(submitted))
    end
    if before then
      local app, terms = self.split(before)
      leave(id, app, terms)
    end
    local app, terms = self.split(value)
    rcall("HSET", self.all, id, value)
    rcall("ZADD", self.time, at, id)
    rcall("ZADD", self.app(app), at, id)
    for _, term in ipairs(terms) do
      local member, kind, text = term[1], term[2], term[3]
      rcall("ZADD", self.eq(member, text), at, id)
      if kind ~= "b" then
        rcall("ZADD", self.values(member, kind), kind == "n" and text or 0, text)
      end
    end
  end

  return self
end
