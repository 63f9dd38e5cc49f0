"""Every example of README.md and docs/ does what it says. CONTRIBUTING.md tells how blocks are marked."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from corral.testing.engines import RunningEngine, start_engine
from corral.testing.server import TOKEN, running_server
from tests.cli.program import serving
from tests.docs.pages import GUIDES, PAGES, README, RUN, SHOWN, blocks_of
from tests.docs.reader import REDIS, SERVER, follow

RUNNABLE = [page for page in GUIDES if any(block.language in RUN for block in blocks_of(page))]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("engine"), tcp=True) as running:
        yield running


async def test_the_quick_start_works_as_pasted(tmp_path: Path) -> None:
    async with serving(tmp_path) as server:
        token = (await server.until(r"corral made one: (\S+)"))[1]
        await follow(README, tmp_path, token, {SERVER: server.port})
        assert await server.end() == 0


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.stem)
async def test_the_examples_work(page: Path, engine: RunningEngine, tmp_path: Path) -> None:
    assert engine.port is not None
    database = RUNNABLE.index(page)
    async with running_server(f"{engine.url}/{database}", grace=0.1) as server:
        await follow(page, tmp_path, TOKEN, {SERVER: server.port, REDIS: engine.port})


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_block_is_marked(page: Path) -> None:
    assert {block.language for block in blocks_of(page)} <= RUN | SHOWN


@pytest.mark.parametrize("page", [README, *GUIDES], ids=lambda page: page.stem)
def test_every_request_shows_its_answer(page: Path) -> None:
    requests = [block for block in blocks_of(page) if block.language == "bash" and "curl " in block.text]
    assert [request.text for request in requests if request.output is None] == []
