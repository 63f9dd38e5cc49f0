"""The scripts that run inside the engine: BullMQ's own, and corral's set-based ones for plain jobs.

BullMQ's are not part of this repository: the build puts them into `bullmq/` from the pinned wheel.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

import msgspec

_HERE = Path(__file__).parent
OFFICIAL = _HERE / "bullmq"
OWN = _HERE / "lua"
_INCLUDE = re.compile(rb"^--@include (\w+)\n", re.MULTILINE)


class Script(msgspec.Struct, frozen=True):
    """One script and the digest that EVALSHA takes."""

    name: str
    keys: int
    source: bytes
    sha: str

    def call(self, keys: tuple[str, ...], *args: bytes | str | int | float) -> tuple[bytes | str | int | float, ...]:
        """The command that runs it. The number of keys is part of a script's contract, so it is checked."""
        if len(keys) != self.keys:
            raise ValueError(f"script {self.name} takes {self.keys} keys, not {len(keys)}")
        return ("EVALSHA", self.sha, self.keys, *keys, *args)


@cache
def official(name: str) -> Script:
    """BullMQ's script of that name. Raises `FileNotFoundError` when the build did not put it there."""
    found = sorted(OFFICIAL.glob(f"{name}-*.lua"))
    if not found:
        raise FileNotFoundError(f"BullMQ's script {name} is not in {OFFICIAL}: install corral with pip to fetch it")
    return _load(found[0])


@cache
def own(name: str) -> Script:
    """corral's script of that name."""
    return _load(next(OWN.glob(f"{name}-*.lua")))


@cache
def everything() -> tuple[Script, ...]:
    """All scripts, to be loaded at every connect so that EVALSHA finds them."""
    paths = [*sorted(OFFICIAL.glob("*.lua")), *sorted(OWN.glob("*.lua"))]
    return tuple(_load(path) for path in paths if not path.name.startswith("relay"))


def _load(path: Path) -> Script:
    name, _, keys = path.stem.rpartition("-")
    source = _INCLUDE.sub(lambda found: _shared(found[1].decode()), path.read_bytes())
    return Script(name=name, keys=int(keys), source=source, sha=hashlib.sha1(source).hexdigest())


def _shared(name: str) -> bytes:
    """What several of corral's scripts take in."""
    return _INCLUDE.sub(lambda found: _shared(found[1].decode()), (OWN / "shared" / f"{name}.lua").read_bytes())
