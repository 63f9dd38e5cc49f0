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
    def typed(**texts: str | bool | None) -> None:
        given = {field: "true" if text is True else text for field, text in texts.items()}
        command({field: text for field, text in given.items() if isinstance(text, str)})

    parameters = [
        inspect.Parameter(
            field,
            inspect.Parameter.KEYWORD_ONLY,
            default=None,
            annotation=Annotated[
                bool | None if variable.is_switch else str | None,
                typer.Option(
                    variable.flag,
                    help=f"{variable.help} [{variable.names[0]}]",
                    rich_help_panel=variable.group,
                    show_default=False,
                    metavar=None if variable.is_switch else "VALUE",
                ),
            ],
        )
        for field, variable in VARIABLES.items()
        if variable.flag
    ]
    typed.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    typed.__annotations__ = {each.name: each.annotation for each in parameters}
    return typed
