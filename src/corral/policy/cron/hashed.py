"""The `H` of a pattern: a value that a seed spreads evenly, so that not all run at the same second.

The numbers are those of `cron-parser` for the same seed: FNV-1a of its UTF-16 units feeds mulberry32.
"""

import re
from collections.abc import Iterator

HASHED = re.compile(r"H(?:\(([0-9]+)-([0-9]+)\))?(?:/([0-9]+))?")
WORD = 0xFFFFFFFF
WIDEST_STEP = 10**9


def fractions(seed: str) -> Iterator[float]:
    """Numbers in [0, 1), always the same ones for one seed."""
    units = seed.encode("utf-16-le", "surrogatepass")
    state = 2166136261
    for at in range(0, len(units), 2):
        state = (state ^ units[at] ^ units[at + 1] << 8) * 16777619 & WORD
    while True:
        state = state + 0x6D2B79F5 & WORD
        mixed = (state ^ state >> 15) * (state | 1) & WORD
        mixed ^= mixed + (mixed ^ mixed >> 7) * (mixed | 61) & WORD
        yield (mixed ^ mixed >> 14) / 2**32


def expand(text: str, low: int, high: int, fraction: float) -> str:
    """`text` with every `H`, `H(a-b)`, `H/n` and `H(a-b)/n` replaced by numbers between low and high.

    Raises ValueError for a range that holds no value and for a step of 0.
    """

    def numbers(match: re.Match[str]) -> str:
        start, end, step = match.groups()
        bounds = _clip(int(start), int(end), low, high) if start else (low, high)
        return _pick(*bounds, fraction) if step is None else _spread(*bounds, int(step), fraction)

    return HASHED.sub(numbers, text)


def _clip(start: int, end: int, low: int, high: int) -> tuple[int, int]:
    clipped = max(start, low), min(end, high)
    if start > end or clipped[0] > clipped[1]:
        raise ValueError(f"H({start}-{end}) holds no value from {low} to {high}")
    return clipped


def _pick(low: int, high: int, fraction: float) -> str:
    return str(int(fraction * (high - low + 1)) + low)


def _spread(low: int, high: int, step: int, fraction: float) -> str:
    if step == 0:
        raise ValueError("a step must be at least 1")
    step = min(step, WIDEST_STEP)
    begin = low // step * step + int(fraction * step)
    values = [str(value) for value in range(begin, high + 1, step) if value >= low]
    return ",".join(values) or _pick(low, high, fraction)
