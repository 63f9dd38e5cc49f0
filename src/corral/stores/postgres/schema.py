"""The two schemas, and the statements with their names put in.

BullMQ's tables and functions are in one schema (`bullmq` unless set), corral's own in another that is named after
it. Statements name the schema of everything they touch, so none depends on the session's search path: they work
behind a pooler and on a connection that the caller brings.
"""

import re
from functools import cache
from pathlib import Path

import msgspec

from corral.model.errors import InvalidInput

DEFAULT = "bullmq"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_$]*")
_LONGEST = 63 - len("_corral")
JOB_COLUMNS = (
    "id, name, data::text, opts::text, progress::text, return_value::text, stacktrace::text, delay_ms, priority, "
    "attempts_started, attempts_made, stalled_count, added_at_ms, failed_reason, finished_at_ms, processed_at_ms, "
    "dedup_id, scheduler_id, parent_queue, parent_id, parent_key, processed_by, deferred_failure"
)
"""What `codec.stored_job` wants of a row of BullMQ's `job` table, in its order."""

_STATEMENTS = Path(__file__).with_name("sql")


class Schema(msgspec.Struct, frozen=True):
    """`bullmq` and `own` are quoted for use in a statement; `name` is the plain name of BullMQ's."""

    name: str
    bullmq: str
    own: str

    @classmethod
    def named(cls, name: str = DEFAULT) -> "Schema":
        """Raises `InvalidInput` for what BullMQ would refuse as well, and for names too long to put one beside."""
        if not _NAME.fullmatch(name) or len(name) > _LONGEST:
            raise InvalidInput(
                f"{name!r} cannot name a schema: letters, digits, _ and $, not beginning with a digit or $, "
                f"at most {_LONGEST} characters."
            )
        return cls(name, f'"{name}"', f'"{name}_corral"')

    def fill(self, text: str) -> str:
        """Put the names where a statement says `{bullmq}` and `{own}`, and the columns of a job for `{job}`."""
        return text.replace("{bullmq}", self.bullmq).replace("{own}", self.own).replace("{job}", JOB_COLUMNS)

    def statement(self, name: str) -> str:
        """The statement of the file `sql/<name>.sql`, ready for use."""
        return _filled(self, name)


@cache
def _filled(schema: Schema, name: str) -> str:
    return schema.fill((_STATEMENTS / f"{name}.sql").read_text())
