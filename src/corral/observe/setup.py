"""How log lines look and where they go. The user's own structlog configuration is left alone."""

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterable, MutableMapping
from datetime import datetime
from typing import Any, TextIO

import msgspec
import structlog

from corral.observe import log

LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40}
PROXY_LEVELS = {"debug": "DBG", "info": "INFO", "warning": "WARN", "error": "ERR"}
COLOURS = {"debug": "\x1b[90m", "info": "\x1b[34m", "warning": "\x1b[33m", "error": "\x1b[31m"}
GREY, PLAIN = "\x1b[90m", "\x1b[0m"
CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")

Line = MutableMapping[str, Any]
Processor = Callable[[Any, str, Line], Any]


def configure(
    format: str,
    level: str = "info",
    *,
    secrets: Iterable[str] = (),
    stream: TextIO | None = None,
    clock: Callable[[], float] = time.time,
) -> None:
    """Send corral's log to `stream` (standard output) as `console`, `json` or `proxy` lines.

    Whatever a line would hold, none of `secrets` is written. `clock` gives seconds since the epoch.
    """
    out = stream or sys.stdout
    processors: list[Processor] = [
        _stamp(clock),
        _clean,
        _mask(secrets),
        _renderer(format, colours=out.isatty()),
    ]
    logger = structlog.wrap_logger(
        _Lines(out),
        processors=processors,
        wrapper_class=structlog.make_filtering_bound_logger(LEVELS[level]),
        context_class=dict,
        cache_logger_on_first_use=True,
    )
    log.voice.logger, log.voice.verbose = logger.bind(), level == "debug"


class _Lines:
    """Writes and flushes whole lines; a log whose reader has gone must not stop the server."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def msg(self, line: str) -> None:
        with contextlib.suppress(OSError, ValueError):
            self._stream.write(line + "\n")
            self._stream.flush()

    debug = info = warning = error = msg


def _stamp(clock: Callable[[], float]) -> Processor:
    def stamp(_: Any, level: str, line: Line) -> Line:
        line["time"], line["level"] = clock(), level
        return line

    return stamp


def _clean(_: Any, level: str, line: Line) -> Line:
    """What cannot be written as UTF-8 becomes a question mark."""
    for key, value in line.items():
        if isinstance(value, str) and not value.isascii():
            line[key] = value.encode("utf-8", "replace").decode()
    return line


def _mask(secrets: Iterable[str]) -> Processor:
    """Hides each secret where it stands alone: a token `8080` does not turn port 18080 into `1***`."""
    known = sorted({re.escape(secret) for secret in secrets if secret}, key=len, reverse=True)
    if not known:
        return lambda _, level, line: line
    pattern = re.compile(rf"(?<![\w-])(?:{'|'.join(known)})(?![\w-])")

    def mask(_: Any, level: str, line: Line) -> Line:
        for key, value in line.items():
            if isinstance(value, str):
                line[key] = pattern.sub("***", value)
        return line

    return mask


def _renderer(format: str, colours: bool) -> Processor:
    return {"json": _as_json, "proxy": _as_proxy(colours), "console": _as_console(colours)}[format]


def _as_json(_: Any, level: str, line: Line) -> str:
    line.pop("proxy", None)
    at = datetime.fromtimestamp(line.pop("time")).astimezone().isoformat(timespec="milliseconds")
    lead = {"time": at, "level": line.pop("level"), "event": line.pop("event")}
    return msgspec.json.encode(lead | dict(line), enc_hook=str).decode()


def _as_console(colours: bool) -> Processor:
    def render(_: Any, level: str, line: Line) -> str:
        at = datetime.fromtimestamp(line["time"]).strftime("%H:%M:%S.%f")[:-3]
        head = f"{_paint(at, GREY, colours)} {_paint(f'{level:7}', COLOURS[level], colours)}"
        return f"{head} {_one_line(line['message'])}{_trace(line)}"

    return render


def _as_proxy(colours: bool) -> Processor:
    def render(_: Any, level: str, line: Line) -> str:
        at = _paint(f"[{int(line['time'] * 1000)}]", GREY, colours)
        mark = _paint(f"[{PROXY_LEVELS[level]}]", COLOURS[level], colours)
        return f"{at}{mark} BullMQ Proxy: {_one_line(line.get('proxy') or line['message'])}{_trace(line)}"

    return render


def _paint(text: str, colour: str, colours: bool) -> str:
    return f"{colour}{text}{PLAIN}" if colours else text


def _one_line(text: str) -> str:
    """Control characters, which a caller can put into a path, must not draw on somebody's terminal."""
    return CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)


def _trace(line: Line) -> str:
    trace = line.get("trace")
    return f"\n{trace}" if trace else ""
