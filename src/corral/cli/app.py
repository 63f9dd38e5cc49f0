"""The command `corral`. What a command needs is imported when it runs, so that all of them start quickly."""

import sys
from typing import Annotated

import typer

from corral import __version__
from corral.cli import flags

app = typer.Typer(
    name="corral",
    help="A job-queue server for every language, on BullMQ's own data format.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.command()
@flags.of_settings
def serve(given: dict[str, str]) -> None:
    """Serve queues over HTTP and WebSocket.

    Without REDIS_URL, REDIS_HOST or DATABASE_URL it brings its own engine. Flags win over environment variables,
    and those over a .env file in this folder; `corral config` shows them all.
    """
    from corral.cli.serve import serve as command

    sys.exit(command(given))


@app.command()
@flags.of_settings
def config(given: dict[str, str]) -> None:
    """Show every setting, its value, and where it comes from."""
    from corral.cli.config import config as command

    sys.exit(command(given))


@app.command()
def migrate(
    database_url: Annotated[str | None, typer.Option(help="Where Postgres is. [DATABASE_URL]")] = None,
    schema: Annotated[str | None, typer.Option(help="Schema of BullMQ's tables. [CORRAL_SCHEMA]")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the SQL and change nothing.")] = False,
) -> None:
    """Make or bring up to date what corral and BullMQ need in a Postgres."""
    from corral.cli.migrate import migrate as command

    given = {"database_url": database_url, "schema": schema}
    sys.exit(command({field: text for field, text in given.items() if text is not None}, dry_run))


@app.command()
def orchestrate(
    context: Annotated[str, typer.Argument(metavar="MODULE:CONTEXT", help="Such as app.jobs:context.")],
) -> None:
    """Fire repeating jobs and delete old ones, for the job definitions of a Python program."""
    from corral.cli.orchestrate import orchestrate as command

    sys.exit(command(context))


@app.command()
def version() -> None:
    """Print the version."""
    print(f"corral {__version__}")


def main() -> None:
    """The entry point of the script and of `python -m corral`."""
    app()
