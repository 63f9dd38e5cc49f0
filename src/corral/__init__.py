"""corral: a job-queue server and library for every language, in BullMQ's own data format."""

from typing import TYPE_CHECKING

__version__ = "0.1.0"
__all__ = ["__version__", "clean_proxy", "start_proxy"]

if TYPE_CHECKING:
    from corral.wiring.proxy import clean_proxy, start_proxy
else:

    def __getattr__(name: str) -> object:
        """`start_proxy` and `clean_proxy` are imported when first asked for: they are the whole server."""
        if name in ("clean_proxy", "start_proxy"):
            from corral.wiring import proxy

            return getattr(proxy, name)
        raise AttributeError(f"module 'corral' has no attribute {name!r}")
