"""The schema as SQL for programs that run their migrations themselves."""

from corral.stores.postgres.migrate import Migration, everything, preamble
from corral.stores.postgres.schema import Schema

_GUARD = "$corral_guard$"
_BODY = "$corral_body$"


def generate_migration_sql(schema: str = "bullmq") -> list[str]:
    """Statements that make the schema, or bring it up to date, when they are run in order; harmless when run again.

    Each is for itself, as one call of any driver without parameters. Raises `InvalidInput` for a name that a schema
    cannot have.
    """
    named = Schema.named(schema)
    return [preamble(named), *(_guarded(migration, named) for migration in everything())]


def _guarded(migration: Migration, schema: Schema) -> str:
    ledger = schema.bullmq if migration.owner == "bullmq" else schema.own
    return (
        f"DO {_GUARD}\nBEGIN\n"
        f"IF NOT EXISTS (SELECT FROM {ledger}.migration WHERE version = {migration.version}) THEN\n"
        f"EXECUTE {_BODY}\n{migration.sql(schema)}{_BODY};\n"
        f"END IF;\nEND\n{_GUARD}"
    )
