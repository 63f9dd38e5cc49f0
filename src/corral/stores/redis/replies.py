"""Error replies of the engine as exceptions."""

from corral.model.errors import StoreError


class ScriptMissing(StoreError):
    """NOSCRIPT: the engine does not hold the script, which has to be loaded (again)."""


def error_from_reply(text: str) -> StoreError:
    if text.startswith("NOSCRIPT"):
        return ScriptMissing(text)
    return StoreError(text)
