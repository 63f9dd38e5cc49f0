"""Error replies of the engine as exceptions."""

import re

from corral.model.errors import CorralError, StoreBusy, StoreError

_FOR_NOW = re.compile(
    r"(?:ERR Error running script .*: -?)?"  # what Redis 6 puts before an error inside a script
    r"(?:LOADING|READONLY|OOM|MISCONF|MASTERDOWN|BUSY|CLUSTERDOWN|TRYAGAIN|NOREPLICAS) "
)


class ScriptMissing(StoreError):
    """NOSCRIPT: the engine does not hold the script, which has to be loaded (again)."""


def error_from_reply(text: str) -> CorralError:
    """A refusal that passes by itself is a StoreBusy, anything else a StoreError."""
    if text.startswith("NOSCRIPT"):
        return ScriptMissing(text)
    return StoreBusy(text) if _FOR_NOW.match(text) else StoreError(text)
