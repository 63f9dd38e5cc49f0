"""What was changed, by whom and when."""

import msgspec


class AuditEntry(msgspec.Struct, frozen=True, rename="camel"):
    """One administrative change. `at` is ms since the epoch.

    `application` is the caller's, null for the operator; `key` the id of its key, or the beginning of the SHA-256
    digest of the operator's token. `action` is what was asked for, `target` what was changed, or the id of what was
    made.
    """

    at: int
    action: str
    target: str
    application: str | None = None
    key: str | None = None
    address: str = ""
