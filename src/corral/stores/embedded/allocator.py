"""How the engine's memory allocator is set: so that the arguments of a script stay at hand.

The engine keeps every argument of what a script writes until the script ends: tens of thousands in a large call. glibc
keeps seven pieces of a size at hand otherwise, and collects the others from all over the memory, which is a third of
the engine's time when jobs are added 100 at a time. It is for small pieces alone, and costs a few megabytes.
"""

import os

VARIABLE = "GLIBC_TUNABLES"
SETTING = "glibc.malloc.tcache_count=30000:glibc.malloc.tcache_max=64"
_SINCE = (2, 30)  # before, glibc counts the pieces in a byte


def allocator_settings(libc: str | None = None) -> dict[str, str]:
    """What goes into the engine's environment, unless it is there. `libc`: as `getconf GNU_LIBC_VERSION` has it."""
    name, _, version = (libc or _libc()).partition(" ")
    known = name == "glibc" and tuple(int(part) for part in version.split(".") if part.isdecimal()) >= _SINCE
    return {VARIABLE: SETTING} if known else {}


def _libc() -> str:
    try:
        return os.confstr("CS_GNU_LIBC_VERSION") or ""
    except (ValueError, AttributeError, OSError):
        return ""
