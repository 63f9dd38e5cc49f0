"""Moments as people and JavaScript write them."""

from datetime import UTC, datetime


def iso(moment: int) -> str:
    """Milliseconds since the epoch as `2026-01-02T03:04:05.678Z`."""
    text = datetime.fromtimestamp(moment / 1000, UTC).isoformat(timespec="milliseconds")
    return text.replace("+00:00", "Z")
