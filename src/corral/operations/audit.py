"""The audit log, read by the operator."""

import re
from typing import Annotated

import msgspec

from corral.model.audit import AuditEntry
from corral.model.errors import BadField, FieldProblem
from corral.operations.operation import Operation, Permission
from corral.operations.services import Services
from corral.policy.cursors import decode_cursor, encode_cursor

PageSize = Annotated[int, msgspec.Meta(ge=1, le=1000, description="Most entries of a page.")]


_ROW = re.compile(r"[0-9]{1,18}(-[0-9]{1,18})?")


class ReadAudit(msgspec.Struct, frozen=True):
    """`cursor` is that of the page before."""

    cursor: str | None = None
    limit: PageSize = 100


class AuditPage(msgspec.Struct, frozen=True, rename="camel"):
    """The newest first. `nextCursor` asks for the next page, null: this was the last."""

    entries: list[AuditEntry]
    next_cursor: str | None


async def read(services: Services, request: ReadAudit) -> AuditPage:
    """Raises `BadField` for a cursor from elsewhere."""
    before = None if request.cursor is None else decode_cursor(request.cursor)
    if before is not None and not _ROW.fullmatch(before):
        raise BadField(FieldProblem("The cursor is not one that this server gave", parameter="cursor"))
    entries, end = await services.audit.page(before, request.limit)
    return AuditPage(entries, None if end is None else encode_cursor(end))


OPERATIONS = (
    Operation(
        name="readAudit",
        method="GET",
        path="/v1/audit",
        summary="Who has changed what, and when.",
        request=ReadAudit,
        response=AuditPage,
        run=read,
        permission=Permission.OPERATOR,
        tag="applications",
    ),
)
