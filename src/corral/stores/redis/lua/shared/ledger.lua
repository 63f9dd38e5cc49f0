--[[
  open_ledger: corral's own keys for the groups of a queue, each `prefix .. "corral:" .. name`:

    groups    hash: group -> "jobs that are not deleted:holders of a place:places"
    members   hash: every job of a group that is not deleted -> its group
    holders   hash: the jobs that BullMQ may have in wait, prioritized, delayed or active -> their group
    line:ID   sorted set: the jobs that wait for a place of group ID, by turn, and a half where they have a priority
    due       sorted set: the jobs that go to the end of their line later, by when, as in BullMQ's delayed
    turn      the last turn given
    swept     hash: how far the last sweep got

  The first three are changed here in memory, and written by `save` in few commands. `prefix` leads the queue's keys.
]]
local function open_ledger(prefix)
  local rcall, own, self = redis.call, prefix .. "corral:", {}
  local groups, states, full = {}, {}, {} -- as they are now; as they are stored; which of the states are full
  self.own, self.members, self.holders = own, {}, {}

  -- The command on many values, no more at once than a script can hand over. Returns the sum of the answers.
  function self.batches(command, key, list)
    local sum = 0
    for from = 1, #list, 2000 do
      sum = sum + rcall(command, key, unpack(list, from, math.min(from + 1999, #list)))
    end
    return sum
  end

  local function read(key, fields)
    if #fields > 0 and #fields <= 2000 then return rcall("HMGET", own .. key, unpack(fields)) end
    local found = {}
    for from = 1, #fields, 2000 do
      local part = rcall("HMGET", own .. key, unpack(fields, from, math.min(from + 1999, #fields)))
      for i = 1, #part do found[#found + 1] = part[i] end
    end
    return found
  end

  local function parsed(state)
    local jobs, held, places = string.match(state or "0:0:1", "^(%d+):(%d+):(%d+)$")
    return {jobs = tonumber(jobs), held = tonumber(held), places = tonumber(places), state = state}
  end

  -- Reads groups that are not read yet, in one command; a name may be false.
  function self.load(names)
    local new = {}
    for _, name in ipairs(names) do
      if name and states[name] == nil and not groups[name] then
        states[name] = false
        new[#new + 1] = name
      end
    end
    for i, state in ipairs(read("groups", new)) do states[new[i]] = state end
  end

  -- The group, to be changed.
  function self.group(name)
    local one = groups[name]
    if not one then
      local state = states[name]
      if state == nil then state = rcall("HGET", own .. "groups", name) end
      one = parsed(state)
      groups[name] = one
    end
    return one
  end

  -- Whether all places of a group are held, and not more than there are.
  function self.is_full(name)
    local one, state = groups[name], states[name]
    if one or not state then
      one = one or self.group(name)
      return one.held == one.places
    end
    if full[state] == nil then full[state] = string.find(state, "^%d+:(%d+):%1$") ~= nil end
    return full[state]
  end

  -- Of each job the group that it is a member of, or in which it holds a place, or false.
  function self.groups_of(key, ids)
    local found = read(key, ids)
    for i, id in ipairs(ids) do
      if self[key][id] ~= nil then found[i] = self[key][id] end
    end
    return found
  end

  -- The group of the job, or false.
  function self.of(id)
    return self.groups_of("members", {id})[1]
  end

  local function write(key, changes)
    local set, gone = {}, {}
    for field, value in pairs(changes) do
      if not value then gone[#gone + 1] = field end
      if value then set[#set + 1] = field set[#set + 1] = value end
    end
    self.batches("HSET", own .. key, set)
    self.batches("HDEL", own .. key, gone)
  end

  -- Returns the groups that have no job left.
  function self.save()
    local changes, empty = {}, {}
    for name, one in pairs(groups) do
      local state = (one.jobs > 0 or one.held > 0) and string.format("%d:%d:%d", one.jobs, one.held, one.places)
      if state ~= one.state then changes[name] = state end
      if one.state and not state then empty[#empty + 1] = name end
    end
    write("groups", changes)
    write("members", self.members)
    write("holders", self.holders)
    return empty
  end

  return self
end
