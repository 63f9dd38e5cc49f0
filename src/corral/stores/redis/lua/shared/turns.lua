--[[
  open_turns: which of the jobs that a claim has just moved to active may run. Wants what `open_groups` gives; taken in
  by `--@include turns`.
]]
local function open_turns(prefix, now)
  local rcall, self = redis.call, {}
  local activeKey, waitKey, prioritizedKey = prefix .. "active", prefix .. "wait", prefix .. "prioritized"
  local holdersKey = prefix .. "corral:holders"

  -- For each job whether it holds a place of a group.
  function self.held(ids)
    if #ids == 0 or rcall("EXISTS", holdersKey) == 0 then return {} end
    return rcall("HMGET", holdersKey, unpack(ids))
  end

  -- Whether a job without a place goes into its line instead.
  function self.joins(id, opts)
    if not opts or not string.find(opts, '"group"', 1, true) then return false end
    local groups = open_groups(prefix, now)
    local name, places = groups.wish(opts)
    if not name then return false end
    if rcall("HEXISTS", holdersKey, id) == 1 then -- one of those before it has raised the places
      rcall("LREM", waitKey, 0, id)
      rcall("ZREM", prioritizedKey, id)
      return false
    end
    rcall("LREM", activeKey, 1, id)
    if not groups.of(id) then groups.join(id, name, places) end
    groups.enter(id, name, rcall("HGET", prefix .. id, "priority"))
    groups.flush()
    return true
  end

  -- Whether a job that was called from its line goes to where the priority belongs that it was given there.
  function self.yields(id, priority)
    if not priority or tonumber(priority) == 0 then return false end
    rcall("LREM", activeKey, 1, id)
    open_groups(prefix, now).rank(id, tonumber(priority))
    return true
  end

  return self
end
