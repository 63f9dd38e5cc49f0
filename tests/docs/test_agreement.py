"""What the pages and the deployment files say agrees with the product."""

import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from corral.server import status
from corral.server.call import Access
from corral.server.proxy import routes
from corral.server.proxy.functions import FUNCTIONS
from corral.wiring.run import MARGIN_SECONDS, PARENT_SECONDS
from corral.wiring.settings import VARIABLES, Settings
from tests.docs.pages import DOCS, PAGES, ROOT, anchors_of, links_of
from tests.docs.settings_table import parts, settings_table

DEPLOYMENT = (ROOT / "Dockerfile", ROOT / "compose.yaml", *sorted((ROOT / "deploy").iterdir()))
VARIABLE_NAMES = {name for variable in VARIABLES.values() for name in variable.names}
PROXY_FUNCTIONS = {"add", "pause", "resume", "getJobs", "getJobCounts", "getJobLogs", "addJobLog", "updateJobProgress"}
KNOWN_HOSTS = {"example.com", "keepachangelog.com", "semver.org", "taskforce.sh"}


def named(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def test_the_settings_are_those_of_the_program() -> None:
    assert parts()[1] == settings_table(), "run: python -m tests.docs.settings_table"


def test_every_route_of_the_proxy_is_told() -> None:
    page = (DOCS / "http.md").read_text()
    missing = [route for one in (*routes.ROUTES, *status.ROUTES) if (route := f"`{one.method} {one.path}`") not in page]
    assert missing == []


def test_the_socket_functions_that_are_told_exist() -> None:
    page = (DOCS / "websocket.md").read_text()
    table = page.split("| function |")[1].split("\n\n")[0]
    told = {
        name for first in re.findall(r"^\| (`.+?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", first)
    }
    assert told <= FUNCTIONS.keys()
    assert told >= PROXY_FUNCTIONS


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_links_lead_somewhere(page: Path) -> None:
    assert [link for link in links_of(page) if not _exists(page, link)] == []


def test_every_page_of_the_docs_is_in_the_index() -> None:
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links_of(DOCS / "index.md")}
    assert [page.name for page in DOCS.glob("*.md") if page.name != "index.md" and page.resolve() not in linked] == []


@pytest.mark.parametrize("file", [*PAGES, *DEPLOYMENT], ids=named)
def test_variables_that_are_named_exist(file: Path) -> None:
    found = set(re.findall(r"\bCORRAL_[A-Z_]*[A-Z]\b", file.read_text()))
    assert found <= VARIABLE_NAMES


def test_the_deployment_sets_what_there_is() -> None:
    compose = re.findall(r"^      ([A-Z_]+): ", (ROOT / "compose.yaml").read_text(), re.MULTILINE)
    secret = re.findall(r"--from-literal=([A-Z_]+)=", (ROOT / "deploy/kubernetes.yaml").read_text())
    assert set(compose) == set(secret) == {"AUTH_TOKENS", "REDIS_URL"}
    image = set(re.findall(r"^(?:ENV|   ) *([A-Z_]+)=", (ROOT / "Dockerfile").read_text(), re.MULTILINE))
    assert image - {"PATH", "PYTHONUNBUFFERED"} == {"HOST", "CORRAL_DATA_DIR"}


def test_the_deployment_asks_for_health_where_it_is_answered() -> None:
    public = {route.path for route in status.ROUTES if route.access is Access.PUBLIC}
    kubernetes = (ROOT / "deploy/kubernetes.yaml").read_text()
    probes = dict(re.findall(r"(liveness|readiness)Probe:\n\s+httpGet:\n\s+path: (\S+)", kubernetes))
    assert probes == {"liveness": "/", "readiness": "/health/ready"}
    assert set(probes.values()) <= public
    assert "+ '/health'" in (ROOT / "Dockerfile").read_text()


def test_the_deployment_waits_for_running_jobs() -> None:
    texts = "".join(file.read_text() for file in DEPLOYMENT)
    periods = re.findall(r"(?:terminationGracePeriodSeconds: |stop_grace_period: )(\d+)", texts)
    assert len(periods) == 2
    assert all(int(period) >= Settings().shutdown_timeout + MARGIN_SECONDS + PARENT_SECONDS for period in periods)


@pytest.mark.parametrize("file", [*PAGES, *DEPLOYMENT], ids=named)
def test_no_page_names_a_foreign_host_or_a_path_of_one_machine(file: Path) -> None:
    text = file.read_text().lower()
    hosts = set(re.findall(r"\b(?:[a-z0-9-]+\.)+(?:com|org|net|io|dev|sh|cloud)\b", text))
    assert {host for host in hosts if not _known(host)} == set()
    assert set(re.findall(r"https?://([\w.-]+)", text)) <= {*_hosts_of(hosts), "localhost", "127.0.0.1"}
    assert re.findall(r"(?<![\w.])/(?:work|root|home|users|tmp)/\w\S*", text) == []


def test_every_task_is_told_to_contributors() -> None:
    tasks = set(re.findall(r"^([a-z]+):.* ## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    told = set(re.findall(r"^\| `make ([a-z]+)` ", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE))
    assert told == tasks - {"help"}


def _exists(page: Path, link: str) -> bool:
    if link.startswith("https://"):
        return True
    path, _, anchor = link.partition("#")
    target = (page.parent / path) if path else page
    return target.exists() and (not anchor or anchor in anchors_of(target))


def _known(host: str) -> bool:
    return any(host == known or host.endswith(f".{known}") for known in KNOWN_HOSTS)


def _hosts_of(hosts: Iterable[str]) -> set[str]:
    return {host for host in hosts if _known(host)}
