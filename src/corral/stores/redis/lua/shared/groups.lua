--@include ledger
--@include wish
--[[
  open_groups: what all scripts know that move jobs of groups. A script takes this file in where it says
  `--@include groups`; it costs next to nothing until it is called. `prefix` leads the queue's keys, `now` is in ms.

  A job that has no place of its group is parked in BullMQ's waiting-children: nobody takes it, or takes it for lost.
  It is told as waiting once, when it goes into its line.
]]
local function open_groups(prefix, now)
  local rcall, ledger, self = redis.call, open_ledger(prefix), {}
  local own, parkedKey, waitKey, eventsKey = ledger.own, prefix .. "waiting-children", prefix .. "wait", prefix .. "events"
  local lines = own .. "line:"
  local parked, unparked, ready, moved, turn, last = {}, {}, {}, 0, 0, 0
  self.load, self.wish = ledger.load, wish_of

  function self.event(name, id, ...)
    rcall("XADD", eventsKey, "*", "event", name, "jobId", id, ...)
  end

  -- The group of the job, or false.
  function self.of(id)
    return ledger.groups_of("members", {id})[1]
  end

  function self.ready(id)
    ready[#ready + 1] = id
    moved = moved + 1
  end

  -- The job, which has a place that is counted already, goes to where its priority belongs, behind all that wait there.
  local function admit(id, name, priority)
    ledger.holders[id] = name
    priority = tonumber(priority) or 0
    if priority == 0 then return self.ready(id) end
    local nth = rcall("INCR", prefix .. "pc") % 0x100000000
    rcall("ZADD", prefix .. "prioritized", priority * 0x100000000 + nth, id)
    moved = moved + 1
  end

  -- Gives a place to the first in line. Whether there was any.
  local function call_next(name)
    repeat
      local id = rcall("ZPOPMIN", lines .. name)[1]
      local priority = id and rcall("HGET", prefix .. id, "priority")
      if priority then -- else a foreign program has removed it
        unparked[#unparked + 1] = id
        admit(id, name, priority)
        return true
      end
    until not id
    return false
  end

  -- Gives free places to the first in line.
  local function fill(name)
    local one = ledger.group(name)
    while one.held < one.places and call_next(name) do one.held = one.held + 1 end
  end

  -- Counts a job that is new.
  function self.join(id, name, places)
    local one = ledger.group(name)
    ledger.members[id] = name
    one.jobs = one.jobs + 1
    if places > one.places then
      one.places = places
      fill(name)
    end
    one.places = places
  end

  -- Takes a place, or else the end of the line; the job is in no state before.
  function self.enter(id, name, priority)
    local one = ledger.group(name)
    if one.held < one.places then
      one.held = one.held + 1
      return admit(id, name, priority)
    end
    if turn == last then
      last = rcall("INCRBY", own .. "turn", 100)
      turn = last - 100
    end
    turn = turn + 1
    rcall("ZADD", lines .. name, turn, id)
    parked[#parked + 1] = now
    parked[#parked + 1] = id
  end

  -- Jobs give their places, if they have any, to the next in line.
  function self.leave(ids)
    local names = ledger.groups_of("holders", ids)
    ledger.load(names)
    for i, name in ipairs(names) do
      if name then
        ledger.holders[ids[i]] = false
        local full = ledger.is_full(name)
        if not (full and call_next(name)) then -- or else a place has changed hands, and the group is as it was
          ledger.group(name).held = math.max(0, ledger.group(name).held - 1)
          if not full then fill(name) end
        end
      end
    end
  end

  -- Jobs are no more; those that had ended, or ran, stand in no line.
  function self.forget(ids, ended)
    for i, name in ipairs(ledger.groups_of("members", ids)) do
      if name then
        ledger.members[ids[i]] = false
        ledger.group(name).jobs = math.max(0, ledger.group(name).jobs - 1)
        if not ended then
          rcall("ZREM", lines .. name, ids[i])
          rcall("ZREM", own .. "due", ids[i])
        end
      end
    end
    self.leave(ids)
  end

  -- Should a foreign program have moved a job out of its line, it must not wait twice, nor while it runs.
  local function unpark()
    local before = #unparked > 0 and rcall("ZCARD", parkedKey)
    ledger.batches("ZREM", parkedKey, unparked)
    if not before or before - rcall("ZCARD", parkedKey) == #unparked then return end
    local rest = {}
    for _, id in ipairs(ready) do
      rcall("LREM", waitKey, 0, id)
      if rcall("EXISTS", prefix .. id .. ":lock") == 0 then rest[#rest + 1] = id end
    end
    ready = rest
  end

  -- Writes what has changed, many jobs in one command. Returns how many became ready, and the groups without a job.
  function self.flush()
    local empty = ledger.save()
    ledger.batches("ZADD", parkedKey, parked)
    unpark()
    ledger.batches("LPUSH", waitKey, ready)
    local meta = moved > 0 and rcall("HMGET", prefix .. "meta", "paused", "concurrency") or {true}
    local full = meta[1] or (meta[2] and rcall("LLEN", prefix .. "active") >= tonumber(meta[2]))
    if not full then rcall("ZADD", prefix .. "marker", 0, "0") end
    return {moved, empty}
  end

  return self
end
