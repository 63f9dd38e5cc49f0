"""The settings in docs/running.md, made from the settings themselves. Run as a program, it writes them there."""

import itertools
from dataclasses import fields
from pathlib import Path
from typing import Any

from corral.wiring.settings import VARIABLES, Settings
from corral.wiring.variables import Variable
from tests.docs.pages import DOCS

PAGE = DOCS / "running.md"
BEGIN, END = "<!-- settings: begin -->\n", "<!-- settings: end -->\n"

_DERIVED = {
    "host": "`127.0.0.1`, or `*` with tokens",
    "redis_host": "`localhost`, if the port is set",
    "redis_port": "`6379`, if the host is set",
    "log_format": "`console` on a terminal, else `json`",
    "log_level": "`info`, or `debug` with `DEBUG`",
}
"""Defaults that depend on something else."""


def settings_table() -> str:
    """One table per group, in the order of `corral config`."""
    defaults = {field.name: field.default for field in fields(Settings)}
    rows = ((variable.group, _row(name, variable, defaults[name])) for name, variable in VARIABLES.items())
    return "\n".join(
        f"**{group}**\n\n| variable | flag | unless set | meaning |\n|---|---|---|---|\n"
        + "".join(row for _, row in grouped)
        for group, grouped in itertools.groupby(rows, key=lambda row: row[0])
    )


def parts(page: Path = PAGE) -> tuple[str, str, str]:
    """What is before the tables, they themselves, and what is after them."""
    before, rest = page.read_text().split(BEGIN)
    table, after = rest.split(END)
    return before, table, after


def _row(name: str, variable: Variable, default: Any) -> str:
    names = ", ".join(f"`{each}`" for each in variable.names)
    flag = f"`{variable.flag}`" if variable.flag else ""
    return f"| {names} | {flag} | {_DERIVED.get(name) or _shown(default)} | {variable.help} |\n"


def _shown(default: Any) -> str:
    if default is None or default == ():
        return ""
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


if __name__ == "__main__":
    before, _, after = parts()
    PAGE.write_text(before + BEGIN + settings_table() + END + after)
