"""What comes of an outgoing call."""

import msgspec


class NotCalled(Exception):
    """There was no answer; the message says why."""


class Refused(NotCalled):
    """The address must not be called."""


class Answer(msgspec.Struct, frozen=True):
    """`headers` have their names in lower case; `body` is the beginning."""

    status: int
    reason: str
    headers: dict[str, str]
    body: bytes
