"""What tells whether a scheduler is the one that was read: a digest of its record, but for what runs change."""

import hashlib
from collections.abc import Mapping
from typing import Final

from corral.stores.redis.scripts import Script

CHANGED: Final = b"changed"
"""What a guarded script answers when it did nothing."""

_FIELDS = ("name", "data", "opts", "limit", "startDate", "endDate", "tz", "pattern", "every", "offset")

_GUARD = """
do
  local found = redis.call("HMGET", KEYS[1] .. ":" .. ARGV[%(id)d], "%(fields)s")
  local parts = {}
  for i = 1, #found do
    parts[i] = found[i] and #found[i] .. ":" .. found[i] or "-"
  end
  local wanted = ARGV[#ARGV]
  if not found[1] or (wanted ~= "*" and redis.sha1hex(table.concat(parts)) ~= wanted) then
    return "%(changed)s"
  end
end
"""


def revision_of(record: Mapping[bytes, bytes]) -> str:
    values = (record.get(field.encode()) for field in _FIELDS)
    parts = (b"-" if value is None else b"%d:%s" % (len(value), value) for value in values)
    return hashlib.sha1(b"".join(parts)).hexdigest()


def guarded(script: Script, id_argument: int) -> Script:
    """The script, doing nothing unless the scheduler has the revision that stands in one more, last argument.

    The engine runs a script with nothing in between, so what was looked at is what is changed. `KEYS[1]` is where
    the schedulers are, `ARGV[id_argument]` says which one.
    """
    guard = _GUARD % {"id": id_argument, "fields": '", "'.join(_FIELDS), "changed": CHANGED.decode()}
    source = guard.encode() + script.source
    return Script(script.name, script.keys, source, hashlib.sha1(source).hexdigest())
