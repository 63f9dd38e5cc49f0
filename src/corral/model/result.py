"""How a job stands, for those who wait for its end."""

import msgspec


class JobResult(msgspec.Struct, frozen=True, rename="camel"):
    """`returnvalue` (JSON) when it has completed, `failedReason` when it has failed, neither before."""

    id: str
    state: str
    returnvalue: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    failed_reason: str | msgspec.UnsetType = msgspec.UNSET
