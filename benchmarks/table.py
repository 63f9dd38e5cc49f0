"""The answers to a question as a table of plain text."""

from collections.abc import Sequence
from statistics import median

from benchmarks.contest import Answer, Question, main_figure


def render(question: Question, answers: Sequence[Answer]) -> str:
    """Medians; after the first figure its range, and the ratio to the yardstick beside the bar.

    Where corral has several peers, the last column is how many times each of them it comes to.
    """
    figures = list(dict.fromkeys(name for answer in answers for name in answer.scores[0]))
    head = ["", figures[0], "from-to", *figures[1:], "ratio", "bar"]
    rows = [_row(question, answer, figures) for answer in answers]
    corral = [answer for answer in answers if not answer.contestant.peer]
    if len(corral) == 1 and len(answers) > 2:
        head.append("corral is")
        rows = [[*row, _times(corral[0], answer)] for row, answer in zip(rows, answers, strict=True)]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    lines = [_line(row, widths) for row in (head, *rows)]
    return "\n".join([question.title, "-" * len(lines[0]), *lines])


def _row(question: Question, answer: Answer, figures: Sequence[str]) -> list[str]:
    name = f"{answer.contestant.name}, {answer.setting} {answer.contestant.unit}".removesuffix(", 1 ")
    mains = [main_figure(score) for score in answer.scores]
    known = [_number(answer.median(figure)) if figure in answer.scores[0] else "" for figure in figures]
    spread = f"{_number(min(mains))}-{_number(max(mains))}"
    return [name, known[0], spread, *known[1:], f"{answer.ratio:.2f}", _bar(question, answer)]


def _times(corral: Answer, other: Answer) -> str:
    if other is corral:
        return ""
    rounds = zip(corral.scores, other.scores, strict=True)
    return f"{median(main_figure(ours) / main_figure(theirs) for ours, theirs in rounds):.2f} x"


def _bar(question: Question, answer: Answer) -> str:
    bar = answer.contestant.bar
    if bar is None:
        return ""
    met = answer.ratio <= bar if question.lower_is_better else answer.ratio >= bar
    return f"{bar:.2f} {'met' if met else 'MISSED'}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:,.1f}" if value >= 10 else f"{value:,.2f}"


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = (
        cell.ljust(width) if index == 0 else cell.rjust(width)
        for index, (cell, width) in enumerate(zip(cells, widths, strict=True))
    )
    return "  ".join([first, *others]).rstrip()
