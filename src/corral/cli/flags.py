"""Command-line flags made from the table of settings."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated

import typer

from corral.wiring.settings import VARIABLES

Command = Callable[[dict[str, str]], None]


def of_settings(command: Command) -> Callable[..., None]:
    """Give a command one flag per setting that has one; it gets the texts that were typed, by field name.

    Texts are not read here: a bad one is reported with all the others, wherever they come from.
    """

    @functools.wraps(command)
    def typed(**texts: str | None) -> None:
        command({field: text for field, text in texts.items() if text is not None})

    parameters = [
        inspect.Parameter(
            field,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                str | None,
                typer.Option(
                    variable.flag,
                    help=f"{variable.help} [{variable.names[0]}]",
                    rich_help_panel=variable.group,
                    show_default=False,
                    metavar="VALUE",
                ),
            ],
        )
        for field, variable in VARIABLES.items()
        if variable.flag
    ]
    typed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    typed.__annotations__ = {each.name: each.annotation for each in parameters}
    return typed
