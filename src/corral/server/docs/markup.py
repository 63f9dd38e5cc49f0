"""HTML from trusted text: escaping, the little Markdown that descriptions use, tables."""

import re
from collections.abc import Iterable
from html import escape

from corral.server.docs.shapes import FieldRow

_CODE = re.compile(r"`([^`]+)`")
_LINK = re.compile(r"\[([^\]]+)\]\(([^)\s]+)\)")


def inline(text: str) -> str:
    """Escaped, with `code` and [links](where)."""
    return _LINK.sub(r'<a href="\2">\1</a>', _coded(escape(text)))


def paragraphs(text: str) -> str:
    """Each paragraph in an element of its own."""
    return "".join(f"<p>{inline(part)}</p>" for part in text.split("\n\n") if part)


def type_link(name: str) -> str:
    """Leads to the type on the same page."""
    return f'<a href="#type-{name}">{name}</a>'


def field_table(rows: Iterable[FieldRow]) -> str:
    """Nothing when there are no rows; kinds are HTML already but for their code."""
    lines = [
        f"<tr><td><code>{escape(row.name)}</code></td><td>{_coded(row.kind)}</td>"
        f"<td>{inline(row.need)}</td><td>{inline(row.text)}</td></tr>"
        for row in rows
    ]
    head = "<tr><th>name</th><th>value</th><th>unless given</th><th></th></tr>"
    return f"<table>{head}{''.join(lines)}</table>" if lines else ""


def _coded(text: str) -> str:
    return _CODE.sub(r"<code>\1</code>", text)
