"""A question of speed, and who answers it: corral and its peers, taking turns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.quiet import wait_for_quiet

Score = Mapping[str, float]
"""What one run came to; the first figure is the one that counts."""

Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Contestant:
    """`run` takes one of `settings`; the best of a trial run each is kept. `bar`: the ratio to reach."""

    name: str
    run: Callable[[int], Score]
    settings: Sequence[int] = (1,)
    unit: str = ""
    bar: float | None = None
    peer: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """The first contestant is the yardstick: everybody's ratio is to its figure of the same round."""

    title: str
    contestants: Sequence[Contestant]
    lower_is_better: bool = False

    def best(self, figures: Sequence[float]) -> float:
        return min(figures) if self.lower_is_better else max(figures)


@dataclass(frozen=True, slots=True)
class Answer:
    """One contestant's runs at its best setting; `ratios` are to the yardstick, round by round."""

    contestant: Contestant
    setting: int
    scores: Sequence[Score]
    ratios: Sequence[float]

    def median(self, figure: str) -> float:
        return median(score[figure] for score in self.scores)

    @property
    def ratio(self) -> float:
        return median(self.ratios)


def main_figure(score: Score) -> float:
    """The figure that counts."""
    return next(iter(score.values()))


@dataclass(frozen=True, slots=True)
class Rules:
    """`patience`: seconds to wait before each run for a machine with nothing else to do; 0 starts at once."""

    runs: int = 5
    patience: float = 20.0


def compete(question: Question, rules: Rules, progress: Progress) -> list[Answer]:
    """Trials first, then rounds in which everybody runs once: A B A B."""

    def run(what: str, contestant: Contestant, setting: int) -> Score:
        quiet = wait_for_quiet(rules.patience)
        score = contestant.run(setting)
        noise = "" if quiet else "  (the machine was busy before)"
        progress(f"{what}: {contestant.name}, {setting} {contestant.unit}: {main_figure(score):,.2f}{noise}")
        return score

    everybody = question.contestants
    settings = [_best_setting(question, contestant, run) for contestant in everybody]
    chosen = list(zip(everybody, settings, strict=True))
    rounds = [[run(f"run {number + 1}", *one) for one in chosen] for number in range(rules.runs)]
    yardstick = [main_figure(scores[0]) for scores in rounds]
    return [
        Answer(*one, scores, [main_figure(s) / y for s, y in zip(scores, yardstick, strict=True)])
        for one, scores in zip(chosen, zip(*rounds, strict=True), strict=True)
    ]


def _best_setting(question: Question, contestant: Contestant, run: Callable[[str, Contestant, int], Score]) -> int:
    if len(contestant.settings) == 1:
        return contestant.settings[0]
    figures = {setting: main_figure(run("trial", contestant, setting)) for setting in contestant.settings}
    best = question.best(list(figures.values()))
    return next(setting for setting, figure in figures.items() if figure == best)
