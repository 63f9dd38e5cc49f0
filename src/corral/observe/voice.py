"""The way from a sentence in `log` to the log. Silent until `setup.configure` is called."""

import time
from typing import Any, Protocol

from corral.observe.limit import LineLimit


class Logger(Protocol):
    """What is needed of structlog."""

    def debug(self, event: str, **fields: Any) -> Any: ...
    def info(self, event: str, **fields: Any) -> Any: ...
    def warning(self, event: str, **fields: Any) -> Any: ...
    def error(self, event: str, **fields: Any) -> Any: ...


class Voice:
    """One per process: the logger, and how often which kind of line may come."""

    def __init__(self) -> None:
        self.logger: Logger | None = None
        self.verbose = False
        """Whether debug lines are written; ask before building one on a hot path."""
        self.trouble = LineLimit(lines=2, seconds=1.0)
        """For what repeats while an engine is away: all such lines together."""
        self.jobs = LineLimit(lines=20, seconds=1.0)
        self.requests = LineLimit(lines=50, seconds=1.0)

    def debug(self, event: str, message: str, **fields: Any) -> None:
        if self.logger is not None and self.verbose:
            self.logger.debug(event, message=message, **fields)

    def info(self, event: str, message: str, **fields: Any) -> None:
        if self.logger is not None:
            self.logger.info(event, message=message, **fields)

    def warning(self, event: str, message: str, limit: LineLimit | None = None, **fields: Any) -> None:
        if self.logger is not None and (tail := _tail(limit)) is not None:
            self.logger.warning(event, message=message + tail, **fields)

    def error(self, event: str, message: str, limit: LineLimit | None = None, **fields: Any) -> None:
        if self.logger is not None and (tail := _tail(limit)) is not None:
            self.logger.error(event, message=message + tail, **fields)


def _tail(limit: LineLimit | None) -> str | None:
    """What to add to the line; None when it must not be written."""
    left_out = limit.allow(time.monotonic()) if limit is not None else 0
    if left_out is None:
        return None
    return f" ({left_out} lines like this were left out)" if left_out else ""
