"""`corral migrate`: bring the two schemas in Postgres up to date, or show what that would run."""

import asyncio
import sys
from collections.abc import Mapping

from corral.cli.load import load_or_explain
from corral.model.errors import CorralError
from corral.wiring.migrating import NOTHING, migrate_now, plan


def migrate(flags: Mapping[str, str], dry_run: bool) -> int:
    """The exit code: 0 when nothing is missing any more, 1 when it failed, 2 for settings that it refuses."""
    resolved = load_or_explain({**flags, "chosen_engine": "postgres"})
    if resolved is None:
        return 2
    try:
        if dry_run:
            print(asyncio.run(plan(resolved.settings)), end="")
            return 0
        done = asyncio.run(migrate_now(resolved.settings))
    except CorralError as error:
        print(f"corral: {error}", file=sys.stderr)
        return 1
    for name in done or [NOTHING]:
        print(name)
    return 0
