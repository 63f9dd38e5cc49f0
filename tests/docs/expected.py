"""Comparing what a page promises with what was printed: `...` stands for anything."""

import re

from tests.docs.pages import Output

_STRING_OR_SPACE = re.compile(r'("(?:[^"\\]|\\.)*")|\s+')


def matches(promised: Output, printed: str) -> bool:
    """White space counts for nothing in JSON outside of strings, and in text only as a separator."""
    if promised.language == "json":
        return _fits(_compact(promised.text), _compact(printed))
    return _fits(_plain(promised.text), _plain(printed))


def _fits(pattern: str, text: str) -> bool:
    return re.fullmatch(".*".join(map(re.escape, pattern.split("..."))), text) is not None


def _compact(text: str) -> str:
    return _STRING_OR_SPACE.sub(lambda match: match[1] or "", text)


def _plain(text: str) -> str:
    return " ".join(text.split())
