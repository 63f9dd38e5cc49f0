"""What do 10,000 groups cost whoever adds the jobs, beside jobs without a group?"""

from benchmarks.adding import Run
from benchmarks.contest import Contestant, Question, Score
from benchmarks.groups import BAR, GROUPS, add
from benchmarks.stage import Stage


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """1,000 jobs a call; the groups take turns."""
    return Question(
        "groups-add: microseconds a job, added",
        [
            Contestant("no groups", _added(stage, None)),
            Contestant(f"{GROUPS:,} groups", _added(stage, GROUPS), bar=BAR),
        ],
        lower_is_better=True,
    )


def _added(stage: Stage, groups: int | None) -> Run:
    def run(_: int) -> Score:
        return {"us/job": add(stage, groups)}

    return run
