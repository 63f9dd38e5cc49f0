"""The project's pages for people, and the fenced blocks in them."""

import itertools
import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
README = ROOT / "README.md"
GUIDES = tuple(sorted(DOCS.glob("*.md")))
PAGES = (
    README,
    ROOT / "CHANGELOG.md",
    ROOT / "CONTRIBUTING.md",
    ROOT / "src/corral/README.md",
    *sorted(DOCS.rglob("*.md")),
)

RUN = frozenset({"bash", "python", "ws"})
"""Languages of blocks that are run."""

SHOWN = frozenset({"json", "text"})
"""Languages of blocks that are only shown; right after one that is run they are its output."""

_BLOCK = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Output:
    """What a page promises that a block prints."""

    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block; `line` is its first one in the page."""

    language: str
    text: str
    line: int
    output: Output | None = None


def blocks_of(page: Path) -> list[Block]:
    """Every block of the page; the output of one that is run is a block of its own as well."""
    text = page.read_text()
    found = list(_BLOCK.finditer(text))
    return [
        Block(one[1], one[2], text.count("\n", 0, one.start()) + 2, _output(text, one, after))
        for one, after in itertools.zip_longest(found, found[1:])
    ]


def prose_of(page: Path) -> str:
    """The page without its blocks."""
    return _BLOCK.sub("", page.read_text())


def links_of(page: Path) -> list[str]:
    """Where the page's links lead, as they are written."""
    return _LINK.findall(prose_of(page))


def anchors_of(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ (.+)$", prose_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def _output(text: str, block: re.Match[str], following: re.Match[str] | None) -> Output | None:
    if following is None or block[1] not in RUN or following[1] not in SHOWN:
        return None
    between = text[block.end() : following.start()]
    return None if between.strip() else Output(following[1], following[2])
