"""Cron patterns, answered as npm `cron-parser` 5.10 (the parser of BullMQ 6) answers them.

schedule.py   Cron: what everybody else uses
pattern.py    text -> Fields (hashed.py: the `H` of a pattern)
fields.py     Fields: which seconds, hours, days ... a pattern names
zone.py       time zones, and wall-clock time as whole seconds
search.py     the next run; walk.py on the days when the clocks change
dates.py      dates as callers write them
"""

from corral.policy.cron.schedule import Cron

__all__ = ["Cron"]
