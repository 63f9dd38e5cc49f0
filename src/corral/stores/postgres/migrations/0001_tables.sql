-- What corral keeps beside BullMQ's tables.

-- Answers that are kept for a request that comes again, and the like: bytes that end at a time.
CREATE TABLE {own}.record (
  kind text NOT NULL,
  name text NOT NULL,
  value bytea NOT NULL,
  expire_at_ms bigint,
  PRIMARY KEY (kind, name)
);
CREATE INDEX record_expire_idx ON {own}.record (expire_at_ms) WHERE expire_at_ms IS NOT NULL;
