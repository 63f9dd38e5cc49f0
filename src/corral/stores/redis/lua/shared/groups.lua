--[[
  open_groups: what all scripts know that move jobs of groups. A script takes this file in where it says
  `--@include groups`; it costs next to nothing until it is called. `prefix` leads the queue's keys, `now` is in ms.

  corral's own keys of the queue, each `prefix .. "corral:" .. name`:
    groups    hash: group -> "jobs that are not deleted:holders of a place:places"
    members   hash: every job of a group that is not deleted -> its group
    holders   hash: the jobs that BullMQ may have in wait, prioritized, delayed or active -> their group
    line:ID   sorted set: the jobs that wait for a place of group ID, by turn
    due       sorted set: the jobs that go to the end of their line later, by when, as in BullMQ's delayed
    turn      the last turn given
  Jobs in a line or in `due` are parked in BullMQ's waiting-children: nobody takes those, or takes them for lost.
]]
local function open_groups(prefix, now)
  local rcall, own, self = redis.call, prefix .. "corral:", {}
  local parkedKey, metaKey = prefix .. "waiting-children", prefix .. "meta"
  local groups, holders, members, ready, moved = {}, {}, {}, {}, 0

  function self.group(name)
    local found = groups[name]
    if not found then
      local jobs, held, places = string.match(rcall("HGET", own .. "groups", name) or "0:0:1", "^(%d+):(%d+):(%d+)$")
      found = {jobs = tonumber(jobs), held = tonumber(held), places = tonumber(places), known = jobs ~= "0"}
      groups[name] = found
    end
    return found
  end

  -- The group of the job, or false.
  function self.of(id)
    if members[id] == nil then return rcall("HGET", own .. "members", id) end
    return members[id]
  end

  -- The group in which the job has a place, or false.
  function self.held_in(id)
    if holders[id] == nil then return rcall("HGET", own .. "holders", id) end
    return holders[id]
  end

  function self.event(name, id, ...)
    rcall("XADD", prefix .. "events", "*", "event", name, "jobId", id, ...)
  end

  function self.ready(id)
    ready[#ready + 1] = id
    moved = moved + 1
  end

  -- Gives the job a place: to where its priority belongs, behind all that wait there.
  local function admit(id, name, priority)
    holders[id] = name
    self.group(name).held = self.group(name).held + 1
    priority = tonumber(priority) or 0
    if priority == 0 then return self.ready(id) end
    local turn = rcall("INCR", prefix .. "pc") % 0x100000000
    rcall("ZADD", prefix .. "prioritized", priority * 0x100000000 + turn, id)
    moved = moved + 1
  end

  -- Gives free places to the first in line.
  function self.fill(name)
    local one = self.group(name)
    while one.held < one.places do
      local id = rcall("ZPOPMIN", own .. "line:" .. name)[1]
      if not id then return end
      local priority = rcall("HGET", prefix .. id, "priority")
      if rcall("ZREM", parkedKey, id) == 1 and priority then
        admit(id, name, priority)
        self.event("waiting", id, "prev", "waiting-children")
      end
    end
  end

  -- What a job's options (JSON) say of its group: name and places, or nothing.
  function self.wish(opts)
    local wish = opts and string.find(opts, '"group"', 1, true) and cjson.decode(opts)["group"]
    if type(wish) ~= "table" or type(wish["id"]) ~= "string" or wish["id"] == "" then return end
    return wish["id"], math.max(1, math.floor(tonumber(wish["limit"]) or 1))
  end

  -- Counts a job that is new.
  function self.join(id, name, places)
    members[id] = name
    self.group(name).jobs = self.group(name).jobs + 1
    self.group(name).places = places
  end

  -- Takes a place, or else the end of the line; the job is in no state before. Whether it has a place.
  function self.enter(id, name, priority)
    self.fill(name)
    if self.group(name).held < self.group(name).places then
      admit(id, name, priority)
      return true
    end
    rcall("ZADD", parkedKey, now, id)
    rcall("ZADD", own .. "line:" .. name, rcall("INCR", own .. "turn"), id)
    return false
  end

  -- Gives the job's place to the next in line.
  function self.leave(id)
    local name = self.held_in(id)
    if not name then return end
    holders[id] = false
    self.group(name).held = math.max(0, self.group(name).held - 1)
    self.fill(name)
  end

  -- The job is no more.
  function self.forget(id)
    local name = self.of(id)
    if not name then return end
    members[id] = false
    self.group(name).jobs = math.max(0, self.group(name).jobs - 1)
    rcall("ZREM", own .. "line:" .. name, id)
    rcall("ZREM", own .. "due", id)
    self.leave(id)
  end

  local function write(key, changes)
    local set, gone = {}, {}
    for field, value in pairs(changes) do
      if not value then gone[#gone + 1] = field end
      if value then set[#set + 1] = field set[#set + 1] = value end
    end
    for from = 1, #set, 2000 do rcall("HSET", key, unpack(set, from, math.min(from + 1999, #set))) end
    for from = 1, #gone, 2000 do rcall("HDEL", key, unpack(gone, from, math.min(from + 1999, #gone))) end
  end

  -- Writes what has changed, many jobs in one command. Returns how many became ready, and the groups without a job.
  function self.flush()
    local states, empty = {}, {}
    for name, one in pairs(groups) do
      local some = one.jobs > 0 or one.held > 0
      states[name] = some and string.format("%d:%d:%d", one.jobs, one.held, one.places)
      if one.known and not some then empty[#empty + 1] = name end
    end
    write(own .. "groups", states)
    write(own .. "members", members)
    write(own .. "holders", holders)
    for from = 1, #ready, 2000 do rcall("LPUSH", prefix .. "wait", unpack(ready, from, math.min(from + 1999, #ready))) end
    local meta = moved > 0 and rcall("HMGET", metaKey, "paused", "concurrency") or {true}
    local full = meta[1] or (meta[2] and rcall("LLEN", prefix .. "active") >= tonumber(meta[2]))
    if not full then rcall("ZADD", prefix .. "marker", 0, "0") end
    return {moved, empty}
  end

  return self
end
