"""A question of speed, and who answers it: corral and its peers, taking turns."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

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


def compete(question: Question, runs: int, progress: Progress) -> list[Answer]:
    """Trials first, then rounds in which everybody runs once: A B A B."""
    settings = [_best_setting(question, contestant, progress) for contestant in question.contestants]
    rounds: list[list[Score]] = []
    for number in range(1, runs + 1):
        scores: list[Score] = []
        for contestant, setting in zip(question.contestants, settings, strict=True):
            scores.append(contestant.run(setting))
            progress(f"run {number}: {contestant.name} {main_figure(scores[-1]):,.2f}")
        rounds.append(scores)
    yardstick = [main_figure(scores[0]) for scores in rounds]
    return [
        Answer(contestant, setting, scores, [main_figure(s) / y for s, y in zip(scores, yardstick, strict=True)])
        for contestant, setting, scores in zip(question.contestants, settings, zip(*rounds, strict=True), strict=True)
    ]


def _best_setting(question: Question, contestant: Contestant, progress: Progress) -> int:
    if len(contestant.settings) == 1:
        return contestant.settings[0]
    figures = {}
    for setting in contestant.settings:
        figures[setting] = main_figure(contestant.run(setting))
        progress(f"trial: {contestant.name} {setting} {contestant.unit} {figures[setting]:,.2f}")
    best = question.best(list(figures.values()))
    return next(setting for setting, figure in figures.items() if figure == best)
