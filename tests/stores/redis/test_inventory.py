"""The official Lua scripts are the ones that were looked at: an upgrade that changes one fails here."""

import hashlib
import tomllib
from pathlib import Path

import corral.stores.redis

ROOT = Path(__file__).parents[3]
SCRIPTS = Path(corral.stores.redis.__file__).parent / "bullmq"
INVENTORY = Path(__file__).with_name("inventory.txt")


def test_every_script_is_the_one_in_the_inventory() -> None:
    """To accept a change, read the new script and adapt what depends on it before writing its new line."""
    known, shipped = _known(), _shipped()
    differences = [
        f"{name}: {known.get(name, 'absent')} -> {shipped.get(name, 'absent')}"
        for name in sorted(known.keys() | shipped.keys())
        if known.get(name) != shipped.get(name)
    ]
    assert not differences, "official scripts changed (keys, SHA-256):\n" + "\n".join(differences)


def test_the_build_names_one_exact_version() -> None:
    requires = tomllib.loads((ROOT / "pyproject.toml").read_text())["build-system"]["requires"]
    assert "bullmq==3.4.4" in requires


def test_the_licence_stands_beside_the_scripts() -> None:
    notice = (SCRIPTS / "LICENSE.txt").read_text()
    assert "MIT License" in notice
    assert "BullForce Labs AB" in notice


def _known() -> dict[str, str]:
    lines = (line.split() for line in INVENTORY.read_text().splitlines() if not line.startswith("#"))
    return {name: f"{keys} {digest}" for name, keys, digest in lines}


def _shipped() -> dict[str, str]:
    """The number of keys is the end of the file's name, as in `addDelayedJob-6.lua`."""
    found = {}
    for path in SCRIPTS.glob("*.lua"):
        name, _, keys = path.stem.rpartition("-")
        found[name] = f"{keys} {hashlib.sha256(path.read_bytes()).hexdigest()}"
    return found
