"""`corral config`: every setting, its value and where it comes from."""

import sys
from collections.abc import Iterator, Mapping
from typing import Any

from corral.cli.load import load_or_explain
from corral.wiring.address import Address, shown
from corral.wiring.connection_url import is_postgres
from corral.wiring.settings import VARIABLES
from corral.wiring.sources import Resolved

WIDE = 200
"""Columns when nobody looks at a terminal, so that no row is broken."""


def config(flags: Mapping[str, str]) -> int:
    """Print the table. For bad settings print the reasons instead; the exit code is 2 then."""
    from rich.console import Console
    from rich.table import Table

    resolved = load_or_explain(flags)
    if resolved is None:
        return 2
    table = Table("Setting", "Value", "From", box=None, header_style="bold", pad_edge=False)
    for row in rows(resolved):
        table.add_row(*row)
    console = Console(highlight=False, markup=False, width=None if sys.stdout.isatty() else WIDE)
    console.print(table)
    console.print(f"\nEngine: {resolved.settings.engine}")
    for warning in resolved.warnings:
        console.print(f"Warning: {warning}")
    return 0


def rows(resolved: Resolved) -> Iterator[tuple[str, str, str]]:
    """Variable, value as text without secrets, source."""
    for field, variable in VARIABLES.items():
        value = getattr(resolved.settings, field)
        yield variable.names[0], _shown(value, variable.secret), resolved.origins[field]


def _shown(value: Any, secret: bool) -> str:
    match value:
        case None | ():
            return "-"
        case _ if secret:
            return _without_secret(value)
        case bool():
            return str(value).lower()
        case _:
            return str(value)


def _without_secret(value: Any) -> str:
    if not isinstance(value, str) or "://" not in value:
        return "(set)"
    if "@" not in value and "?" not in value:
        return value
    return f"{shown(value) if is_postgres(value) else Address.from_url(value)} (the rest hidden)"
