"""Puts the official scripts of the `bullmq` wheel, a build requirement, into corral's package."""

import importlib.metadata
import importlib.util
import re
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = {"commands": "stores/redis/bullmq", "postgres": "stores/postgres/bullmq"}
SUFFIXES = {".lua", ".sql"}
ORIGIN = "The scripts in this folder are those of the PyPI package bullmq {version}, unchanged (https://bullmq.io)."
COPYRIGHT = "Copyright (c) 2018 BullForce Labs AB and contributors."


class ScriptsHook(BuildHookInterface):
    """Runs for wheels and editable installs alike; both need the files under `src`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy the scripts and tell hatchling to ship them although git ignores them."""
        package = _package_folder("bullmq")
        notice = {Path("LICENSE.txt"): _notice("bullmq", Path(self.root, "LICENSE"))}
        for source, target in SOURCES.items():
            files = _scripts(package / source) | notice
            _mirror(files, Path(self.root, "src/corral", target))
            build_data["artifacts"].append(f"/src/corral/{target}/**")


def _package_folder(name: str) -> Path:
    """Found by path: importing the package would import its whole client."""
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError(f"the build needs the package {name}: build with isolation, or install it first")
    return Path(spec.submodule_search_locations[0])


def _notice(name: str, our_licence: Path) -> bytes:
    """The wheel's own licence file. 3.4.4 carries none, but both projects are under the MIT licence."""
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files or []:
        if ".dist-info" in file.parts[0] and file.name.upper().startswith(("LICENSE", "LICENCE")):
            return file.read_binary()
    text = re.sub(r"^Copyright .*$", COPYRIGHT, our_licence.read_text(), flags=re.MULTILINE)
    return f"{ORIGIN.format(version=distribution.version)}\n\n{text}".encode()


def _scripts(folder: Path) -> dict[Path, bytes]:
    found = {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.suffix in SUFFIXES}
    if not found:
        raise RuntimeError(f"no scripts in {folder}")
    return found


def _mirror(files: dict[Path, bytes], target: Path) -> None:
    """Only what differs is touched, so that a running corral of an editable install never misses a file."""
    present = {p.relative_to(target) for p in target.rglob("*") if p.is_file()}
    for stale in present - files.keys():
        (target / stale).unlink()
    for name, content in files.items():
        path = target / name
        if name not in present or path.read_bytes() != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
