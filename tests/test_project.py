"""What the project promises about itself: its pins, its lock files, its two commands."""

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import pytest

import corral

ROOT = Path(__file__).parents[1]
PIN = re.compile(r"^([A-Za-z0-9._-]+)==\S+(?: ;.*)? \\\n(?:    --hash=sha256:[0-9a-f]{64}(?: \\)?\n)+", re.MULTILINE)


def test_the_installed_version_is_the_package_version() -> None:
    assert importlib.metadata.version("corral") == corral.__version__


@pytest.mark.parametrize("file", ["runtime.txt", "dev.txt", "bench.txt", "bench-apart.txt"])
def test_every_requirement_is_pinned_with_hashes_and_nothing_else_stands_there(file: str) -> None:
    text = (ROOT / "requirements" / file).read_text()
    rest = [line for line in PIN.sub("", text).splitlines() if not line.lstrip().startswith("#")]
    assert rest == []


def test_the_pins_cover_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    runtime, dev = _pinned("runtime.txt"), _pinned("dev.txt")
    assert {_name(line) for line in project["project"]["dependencies"]} <= runtime.keys()
    assert {_name(line) for line in project["dependency-groups"]["dev"]} <= dev.keys()
    assert runtime.items() <= dev.items(), "requirements/dev.txt and runtime.txt differ: run make pins"


@pytest.mark.parametrize("folder", ["tests/interop", "benchmarks/node"])
def test_the_node_lock_files_name_no_registry(folder: str) -> None:
    packages = json.loads((ROOT / folder / "package-lock.json").read_text())["packages"]
    assert all("resolved" not in package for package in packages.values())
    # Builds for other systems have none: registries may lack them, and `npm ci` wants only their names.
    assert all("integrity" in package or "os" in package for path, package in packages.items() if path)


def test_every_task_has_one_line_of_help() -> None:
    makefile = (ROOT / "Makefile").read_text()
    tasks = set(re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[1].split())  # type: ignore[index]
    assert set(re.findall(r"^([a-z]+):.* ## \S", makefile, re.MULTILINE)) == tasks
    assert {"setup", "serve", "test", "check", "bench"} <= tasks


def test_the_quick_start_is_short_and_has_both_commands() -> None:
    quick_start = (ROOT / "README.md").read_text().split("## Quick start")[1].split("\n## ")[0]
    assert len(quick_start.split()) <= 250
    assert "make serve" in quick_start
    assert "make test" in quick_start


def _pinned(file: str) -> dict[str, str]:
    text = (ROOT / "requirements" / file).read_text()
    return {match[1]: match[0] for match in PIN.finditer(text)}


def _name(requirement: str) -> str:
    match = re.match(r"[A-Za-z0-9._-]+", requirement)
    assert match
    return match[0].lower()
