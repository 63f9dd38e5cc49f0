--[[
  open_ledger: corral's own keys for the groups of a queue, each `prefix .. "corral:" .. name`:

    groups    hash: group -> "jobs that are not deleted:holders of a place:places"
    members   hash: every job of a group that is not deleted -> its group
    holders   hash: the jobs that BullMQ may have in wait, prioritized, delayed or active -> their group
    line:ID   sorted set: the jobs that wait for a place of group ID, by turn
    due       sorted set: the jobs that go to the end of their line later, by when, as in BullMQ's delayed
    turn      the last turn given
    swept     hash: how far the last sweep got

  The first three are changed here in memory, and written by `save` in few commands. `prefix` leads the queue's keys.
]]
local function open_ledger(prefix)
  local rcall, own, self = redis.call, prefix .. "corral:", {}
  local groups = {}
  self.own, self.members, self.holders = own, {}, {}

  -- The command on many values, no more at once than a script can hand over.
  function self.batches(command, key, list)
    for from = 1, #list, 2000 do rcall(command, key, unpack(list, from, math.min(from + 1999, #list))) end
  end

  local function read(key, fields)
    local found = {}
    for from = 1, #fields, 2000 do
      local part = rcall("HMGET", own .. key, unpack(fields, from, math.min(from + 1999, #fields)))
      for i = 1, #part do found[#found + 1] = part[i] end
    end
    return found
  end

  local function parsed(state)
    local jobs, held, places = string.match(state or "0:0:1", "^(%d+):(%d+):(%d+)$")
    return {jobs = tonumber(jobs), held = tonumber(held), places = tonumber(places), known = jobs ~= "0"}
  end

  -- Reads groups that are not read yet, in one command.
  function self.load(names)
    local new, seen = {}, {}
    for _, name in ipairs(names) do
      if not groups[name] and not seen[name] then new[#new + 1] = name end
      seen[name] = true
    end
    for i, state in ipairs(read("groups", new)) do groups[new[i]] = parsed(state) end
  end

  function self.group(name)
    if not groups[name] then groups[name] = parsed(rcall("HGET", own .. "groups", name)) end
    return groups[name]
  end

  -- Of each job the group that it is a member of, or in which it holds a place, or false.
  function self.groups_of(key, ids)
    local found = read(key, ids)
    for i, id in ipairs(ids) do
      if self[key][id] ~= nil then found[i] = self[key][id] end
    end
    return found
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
    local states, empty = {}, {}
    for name, one in pairs(groups) do
      local some = one.jobs > 0 or one.held > 0
      states[name] = some and string.format("%d:%d:%d", one.jobs, one.held, one.places)
      if one.known and not some then empty[#empty + 1] = name end
    end
    write("groups", states)
    write("members", self.members)
    write("holders", self.holders)
    return empty
  end

  return self
end
