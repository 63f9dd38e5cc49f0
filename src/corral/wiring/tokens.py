"""The rule that nothing is served without a token, and the token that corral makes for itself on loopback."""

import ipaddress
import os
import secrets
import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from corral.wiring.server_settings import ALL_INTERFACES
from corral.wiring.settings import Settings

FILE = "token"
TOKEN_BYTES = 32


class Refused(Exception):
    """These settings must not be served; the message says why and what to do."""


def settle(settings: Settings, make: Callable[[int], str] = secrets.token_urlsafe) -> tuple[Settings, bool]:
    """The settings with a token for certain, and whether it is corral's own.

    With none configured, a loopback address gets the token in the data folder, made on first use. A public
    address, or a folder that cannot be written, raises `Refused`.
    """
    if settings.auth_tokens or settings.master_api_key:
        return settings, False
    if is_public(settings.host):
        raise Refused(
            f"no token is configured, and other machines can reach {settings.host}: anybody could use the "
            "queues. Set AUTH_TOKENS to one or more secret tokens (separated by commas), or set HOST to "
            "127.0.0.1 to be reached from this machine alone."
        )
    path = settings.data_dir / FILE
    try:
        token = keep(path, lambda: make(TOKEN_BYTES))
    except (OSError, UnicodeDecodeError) as error:
        raise Refused(
            f"the token cannot be kept in {path}: {error}. "
            "Set CORRAL_DATA_DIR to a folder of yours, or set AUTH_TOKENS."
        ) from None
    return replace(settings, auth_tokens=(token,)), True


def is_public(host: str) -> bool:
    """Whether another machine could reach this address; a name other than `localhost` counts as public."""
    if host == ALL_INTERFACES:
        return True
    try:
        return not ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") != "localhost"


def keep(path: Path, make: Callable[[], str]) -> str:
    """The token in the file; made first when there is none. Two processes that start at once agree on one."""
    found = _read(path)
    if found:
        return found
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        path.unlink()  # it holds no token
    _write_once(path, make())
    return _read(path)


def _read(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            path.chmod(0o600)
        return path.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return ""


def _write_once(path: Path, token: str) -> None:
    """Complete or not at all, and never over another's: the name appears when the text is on disk."""
    descriptor, name = tempfile.mkstemp(prefix=".token-", dir=path.parent)  # its mode is 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
            file.flush()
            os.fsync(descriptor)
        try:
            os.link(draft, path)
        except FileExistsError:
            return
        except OSError:  # a file system without links
            draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
