"""Which queue a job of a definition is in: `NAME` without a channel, `NAME@CHANNEL` with one."""

from corral.model.errors import InvalidInput

_MARK = "@"
_LONGEST = 200


def check_name(name: str) -> None:
    """Raises `InvalidInput` for a definition's name that could not name a queue of its own."""
    _check("The name of a job definition", name, ":@")


def queue_of(name: str, channel: str | None) -> str:
    """Raises `InvalidInput` for a channel that could not be part of a queue's name."""
    if channel is None:
        return name
    _check("A channel", channel, ":")
    return f"{name}{_MARK}{channel}"


def parts_of(queue: str) -> tuple[str, str | None]:
    """The definition's name and the channel; the inverse of `queue_of`."""
    name, marked, channel = queue.partition(_MARK)
    return name, channel if marked else None


def _check(what: str, text: str, forbidden: str) -> None:
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or any(one in text for one in forbidden):
        signs = " or ".join(forbidden)
        raise InvalidInput(f"{what} has 1 to {_LONGEST} characters, none of them {signs}: {text!r} is refused")
