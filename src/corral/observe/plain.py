"""The log of a program that uses corral as a library: Python's own logger `corral`, set up by that program."""

import logging
from typing import Any

from corral.observe.log import voice

_logger = logging.getLogger("corral")


class _PlainLogger:
    """What `Voice` needs; the fields that structured logs have are left out, as the message says it all."""

    def debug(self, event: str, **fields: Any) -> None:
        _logger.debug(fields.get("message", event))

    def info(self, event: str, **fields: Any) -> None:
        _logger.info(fields.get("message", event))

    def warning(self, event: str, **fields: Any) -> None:
        _logger.warning(fields.get("message", event))

    def error(self, event: str, **fields: Any) -> None:
        trace = fields.get("trace")
        _logger.error(fields.get("message", event) + (f"\n{trace}" if trace else ""))


def speak_plainly() -> None:
    """Send the log there, unless a server has set it up otherwise."""
    if voice.logger is None:
        voice.logger = _PlainLogger()
