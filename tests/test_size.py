"""No file, function or parameter list outgrows one screenful of attention; there are no exemptions."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PYTHON_LINES, SCRIPT_LINES, FUNCTION_LINES, PARAMETERS = 300, 150, 40, 6

Function = ast.FunctionDef | ast.AsyncFunctionDef


def test_no_file_is_too_long() -> None:
    limits = {".py": PYTHON_LINES, ".lua": SCRIPT_LINES, ".sql": SCRIPT_LINES}
    long = [
        f"{path.relative_to(ROOT)}: {lines} lines"
        for suffix, limit in limits.items()
        for path in _files(suffix)
        if (lines := len(path.read_text().splitlines())) > limit
    ]
    assert not long, "\n".join(long)


def test_no_function_is_too_long() -> None:
    long = [
        f"{place}: {lines} lines"
        for place, function in _functions()
        if (lines := (function.end_lineno or function.lineno) - function.lineno + 1) > FUNCTION_LINES
    ]
    assert not long, "\n".join(long)


def test_no_function_takes_too_much() -> None:
    wide = [
        f"{place}: {count} parameters"
        for place, function in _functions()
        if (count := len(_parameters(function))) > PARAMETERS
    ]
    assert not wide, "\n".join(wide)


def _files(suffix: str) -> Iterator[Path]:
    """The official scripts, which git ignores, are not ours to shorten."""
    for path in sorted((ROOT / "src").rglob(f"*{suffix}")):
        if "bullmq" not in path.parts:
            yield path


def _functions() -> Iterator[tuple[str, Function]]:
    for path in _files(".py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, Function):
                yield f"{path.relative_to(ROOT)}:{node.lineno} {node.name}", node


def _parameters(function: Function) -> list[str]:
    taken = function.args
    every = [*taken.posonlyargs, *taken.args, *taken.kwonlyargs, taken.vararg, taken.kwarg]
    return [arg.arg for arg in every if arg and arg.arg not in ("self", "cls")]
