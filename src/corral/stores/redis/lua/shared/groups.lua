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
  local parked, unparked, ready, ranked, turn, last = {}, {}, {}, 0, 0, 0
  self.load, self.of, self.wish = ledger.load, ledger.of, wish_of

  function self.event(name, id, ...)
    rcall("XADD", eventsKey, "*", "event", name, "jobId", id, ...)
  end

  function self.ready(id)
    ready[#ready + 1] = id
  end

  -- The job, which is in no state, goes to where its priority belongs, behind all that wait there.
  function self.rank(id, priority)
    if priority == 0 then return self.ready(id) end
    local nth = rcall("INCR", prefix .. "pc") % 0x100000000
    rcall("ZADD", prefix .. "prioritized", priority * 0x100000000 + nth, id)
    ranked = ranked + 1
  end

  -- The same for one that has a place, which is counted already.
  local function admit(id, name, priority)
    ledger.holders[id] = name
    self.rank(id, tonumber(priority) or 0)
  end

  -- Gives a place to the first in line. Whether there was any. Half a turn tells of a priority; one that the job was
  -- given since is seen to when it is claimed.
  local function call_next(name)
    local id, at = unpack(rcall("ZPOPMIN", lines .. name))
    if not id then return false end
    unparked[#unparked + 1] = id
    admit(id, name, string.find(at, ".", 1, true) and rcall("HGET", prefix .. id, "priority"))
    return true
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
    rcall("ZADD", lines .. name, (tonumber(priority) or 0) > 0 and turn + 0.5 or turn, id)
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

  -- Of jobs that were called a foreign program has removed some, or moved them out of their line: they must not wait
  -- twice, nor while they run.
  local function look_again(called)
    local gone, kept = {}, {}
    for _, id in ipairs(called) do gone[#gone + 1] = rcall("EXISTS", prefix .. id) == 0 and id or nil end
    for _, id in ipairs(ready) do
      rcall("LREM", waitKey, 0, id)
      if rcall("EXISTS", prefix .. id) > rcall("EXISTS", prefix .. id .. ":lock") then kept[#kept + 1] = id end
    end
    ready = kept
    self.forget(gone, true)
  end

  local function unpark()
    while #unparked > 0 do
      local called = unparked
      unparked = {}
      if ledger.batches("ZREM", parkedKey, called) < #called then look_again(called) end
    end
  end

  -- Writes what has changed, many jobs in one command. Returns how many became ready, and the groups without a job.
  function self.flush()
    ledger.batches("ZADD", parkedKey, parked)
    unpark()
    local empty = ledger.save()
    ledger.batches("LPUSH", waitKey, ready)
    local moved = #ready + ranked
    local meta = moved > 0 and rcall("HMGET", prefix .. "meta", "paused", "concurrency") or {true}
    local full = meta[1] or (meta[2] and rcall("LLEN", prefix .. "active") >= tonumber(meta[2]))
    if not full then rcall("ZADD", prefix .. "marker", 0, "0") end
    return {moved, empty}
  end

  return self
end
