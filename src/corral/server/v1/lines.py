"""JSON lines: bodies with one item a line, and answers that are written item by item."""

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import aclosing
from typing import Any

import msgspec

from corral.model.errors import BadField, FieldProblem
from corral.server.http.message import Request, StreamResponse
from corral.server.v1.problems import bad_body

CONTENT_TYPE = "application/x-ndjson"
_encode = msgspec.json.Encoder().encode_lines


def is_lines(request: Request) -> bool:
    """Whether the body says that it is JSON lines."""
    return request.headers.get("content-type", "").partition(";")[0].strip().lower() == CONTENT_TYPE


def wants_lines(request: Request) -> bool:
    """Whether the answer is to be JSON lines."""
    return CONTENT_TYPE in request.headers.get("accept", "").lower()


class LinesDecoder:
    """Made once per type of item. Empty lines count for nothing."""

    def __init__(self, item: Any) -> None:
        self._item: msgspec.json.Decoder[Any] = msgspec.json.Decoder(item)

    def decode(self, body: bytes) -> list[Any]:
        """Raises `BadField` for the first line that cannot be."""
        decode, found = self._item.decode, []
        for number, line in _numbered(body):
            try:
                found.append(decode(line))
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                raise BadField(*(_on_line(one, number) for one in bad_body(error).problems)) from None
        return found


def by_line(error: BadField, body: bytes) -> BadField:
    """What an operation has against items of a list, told of the lines that they were."""
    numbers = [number for number, _ in _numbered(body)]
    return BadField(*(_moved(problem, numbers) for problem in error.problems))


async def as_lines(pages: AsyncGenerator[Sequence[Any], None]) -> StreamResponse:
    """What the first page raises is raised here, while there is still time to answer with it."""
    first = await anext(pages, ())
    return StreamResponse(200, CONTENT_TYPE, (), _chunks(first, pages))


def encode(items: Sequence[Any]) -> bytes:
    """Each item on a line of its own."""
    return _encode(items)


async def _chunks(first: Sequence[Any], pages: AsyncGenerator[Sequence[Any], None]) -> AsyncIterator[bytes]:
    async with aclosing(pages):
        yield _encode(first)
        async for page in pages:
            yield _encode(page)


def _numbered(body: bytes) -> list[tuple[int, bytes]]:
    return [(number, line) for number, line in enumerate(body.split(b"\n"), 1) if line.strip()]


def _moved(problem: FieldProblem, numbers: Sequence[int]) -> FieldProblem:
    index, _, rest = (problem.pointer or "").removeprefix("#/").partition("/")
    if problem.line is not None or not index.isdecimal():
        return problem
    inside = FieldProblem(problem.detail, pointer=f"#/{rest}" if rest else "#")
    return _on_line(inside, numbers[int(index)])


def _on_line(problem: FieldProblem, number: int) -> FieldProblem:
    return FieldProblem(f"Line {number}: {problem.detail}", pointer=problem.pointer, line=number)
