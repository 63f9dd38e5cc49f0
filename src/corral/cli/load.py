"""Settings for a command, or the reasons why there are none."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from corral.wiring.sources import BadSettings, Resolved, load


def load_or_explain(flags: Mapping[str, str]) -> Resolved | None:
    """None after one line on standard error per setting that cannot be used."""
    try:
        return load(flags, os.environ, Path.cwd(), terminal=sys.stdout.isatty())
    except BadSettings as bad:
        for problem in bad.problems:
            print(f"corral: {problem}", file=sys.stderr)
        return None
