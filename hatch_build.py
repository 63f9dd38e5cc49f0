"""Puts the official scripts of the `bullmq` wheel, named in `build-system.requires`, into corral's package."""

import importlib.metadata
import importlib.util
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

SOURCES = {"commands": "stores/redis/bullmq", "postgres": "stores/postgres/bullmq"}
SUFFIXES = {".lua", ".sql"}
LICENCE = """\
The scripts in this folder are those of the PyPI package bullmq {version}, unchanged (https://bullmq.io).

MIT License

Copyright (c) 2018 BullForce Labs AB and contributors.

Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation
the rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and
to permit persons to whom the Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of
the Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO
THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT,
TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE
SOFTWARE.
"""


class ScriptsHook(BuildHookInterface):
    """Runs for wheels and editable installs alike; both need the files under `src`."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Copy the scripts and tell hatchling to ship them although git ignores them."""
        package = _package_folder("bullmq")
        notice = {Path("LICENSE.txt"): _notice("bullmq")}
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


def _notice(name: str) -> bytes:
    """The wheel's own licence file; 3.4.4 has none, so the text stands above."""
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files or []:
        if ".dist-info" in file.parts[0] and file.name.upper().startswith(("LICENSE", "LICENCE")):
            return file.read_binary()
    return LICENCE.format(version=distribution.version).encode()


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
