"""The Postgres engine: BullMQ's own schema, and beside it one of corral's."""
