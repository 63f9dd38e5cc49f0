"""`python -m benchmarks [NAMES] [--runs 5] [--seconds 3] [--all] [--profile]`: one question, one table."""

import argparse
import platform
import signal
import sys
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from benchmarks.contest import Question, Rules, compete
from benchmarks.postgres_stage import PostgresStage
from benchmarks.profiling import report
from benchmarks.stage import Stage, versions
from benchmarks.table import render
from corral.testing.engines import start_engine
from corral.testing.postgres import start_postgres

ON_BOTH = (
    "single",
    "batch",
    "endpoint",
    "latency",
    "library",
    "library-single",
    "library-batch",
    "index",
    "groups",
    "groups-add",
)
ON_REDIS = (*ON_BOTH, "websocket-add", "websocket-work", "idle", "million", "listeners")
ON_POSTGRES = (*ON_BOTH, "growth")
NAMES = (*ON_REDIS, "growth")


def main(arguments: list[str]) -> None:
    """One engine for all questions; everything is stopped at the end, at Ctrl-C and at a SIGTERM."""
    given = _parse(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    peers = versions(given.all)
    rules = Rules(given.runs, given.patience)
    _say(f"{datetime.now(UTC):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(prefix="corral-bench-") as made, ExitStack() as stack:
        folder = Path(made)
        timing = (folder, given.seconds, folder if given.profile else None)
        stage: Stage
        if given.postgres:
            peers = {package: name for package, name in versions(True).items() if package == "bullmq6"}
            stage = PostgresStage(stack.enter_context(start_postgres(durable=True)), *timing)
        else:
            stage = Stage(stack.enter_context(start_engine(f"{made}/engine", tcp=True)), *timing)
        for name in given.names or (ON_POSTGRES if given.postgres else ON_REDIS):
            question: Question = import_module(f"benchmarks.{name.replace('-', '_')}").question(stage, peers)
            if given.profile:
                _profile(question, folder)
            else:
                _say("\n" + render(question, compete(question, rules, _progress)))


def _profile(question: Question, folder: Path) -> None:
    """Every contestant of ours once, at its last setting; a profile is no measure of speed."""
    for contestant in question.contestants:
        if not contestant.peer:
            contestant.run(contestant.settings[-1])
            _say(f"\n{question.title}: {contestant.name}\n{report(folder)}")


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES), choices=[*NAMES, []])
    parser.add_argument("--runs", type=int, default=5, help="rounds, of which the median counts")
    parser.add_argument("--seconds", type=float, default=3.0, help="how long a run measures")
    parser.add_argument("--patience", type=float, default=20.0, help="how long to wait for a quiet machine")
    parser.add_argument("--postgres", action="store_true", help=f"on Postgres: {', '.join(ON_POSTGRES)}")
    parser.add_argument("--all", action="store_true", help="compare with BullMQ 6 too")
    parser.add_argument("--profile", action="store_true", help="show where corral's time goes instead")
    return parser.parse_args(arguments)


def _say(text: str) -> None:
    print(text, flush=True)


def _progress(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
