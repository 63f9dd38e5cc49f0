--[[
  open_due: jobs of groups that are delayed. Wants what `open_groups` gives; taken in by `--@include due`.
]]
local function open_due(groups, prefix, now)
  local rcall, self = redis.call, {}
  local dueKey, parkedKey = prefix .. "corral:due", prefix .. "waiting-children"

  -- When the first job is due (ms), or nothing.
  function self.next()
    local first = rcall("ZRANGE", dueKey, 0, 0, "WITHSCORES")[2]
    return first and math.floor(first / 0x1000)
  end

  -- Keeps the job until it is due; it is in no state before.
  function self.park(id, due)
    local last = rcall("ZREVRANGEBYSCORE", dueKey, (due + 1) * 0x1000 - 1, due * 0x1000, "WITHSCORES", "LIMIT", 0, 1)
    rcall("ZADD", parkedKey, now, id)
    rcall("ZADD", dueKey, last[2] and math.min(last[2] + 1, (due + 1) * 0x1000 - 1) or due * 0x1000, id)
    rcall("ZADD", prefix .. "marker", self.next(), "2")
  end

  -- Ends the delay of a job: it takes a place, or the end of its line. False if it is not delayed.
  function self.go(id)
    if rcall("ZREM", dueKey, id) == 0 then return false end
    rcall("ZREM", parkedKey, id)
    local name, priority = groups.of(id), rcall("HGET", prefix .. id, "priority")
    if not name or not priority then return true end
    rcall("HSET", prefix .. id, "delay", 0)
    groups.enter(id, name, priority)
    groups.event("waiting", id, "prev", "delayed")
    return true
  end

  -- Ends the delay of up to `most` jobs that are due. Returns how many there were.
  function self.promote(most, last)
    local due = rcall("ZRANGEBYSCORE", dueKey, 0, last or (now + 1) * 0x1000 - 1, "LIMIT", 0, most)
    for _, id in ipairs(due) do self.go(id) end
    return #due
  end

  return self
end
