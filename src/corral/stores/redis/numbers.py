"""Numbers as the engine holds them: text that any program may have written."""


def whole(raw: bytes | None) -> int | None:
    """None for what is absent or no number."""
    try:
        return None if raw is None else int(float(raw))
    except (ValueError, OverflowError):
        return None
