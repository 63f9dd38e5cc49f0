"""A database that tests use one after the other."""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg

from corral.testing.postgres import RunningPostgres

_numbers = itertools.count(1)

_WIPE = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid();
DO $$
DECLARE one text;
BEGIN
  FOR one IN
    SELECT format('DELETE FROM %I.%I', schemaname, tablename) FROM pg_tables
    WHERE schemaname IN ('bullmq', 'bullmq_corral') AND tablename <> 'migration'
    UNION ALL
    SELECT format('DROP SEQUENCE %I.%I', schemaname, sequencename) FROM pg_sequences
    WHERE schemaname = 'bullmq' AND sequencename LIKE 'bullmq\\_jid\\_%'
  LOOP
    EXECUTE one;
  END LOOP;
END $$
"""


class Emptied:
    """Has one session behind everybody's back, because opening one costs more than what it is for."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._open()

    def wipe(self) -> None:
        """Cut every other session, and empty the tables of both schemas as if they had just been migrated."""
        try:
            self._session.execute(_WIPE)
        except psycopg.OperationalError:  # the test has cut ours
            self._open()
            self._session.execute(_WIPE)

    def close(self) -> None:
        self._session.close()

    def _open(self) -> None:
        self._session = psycopg.connect(self.url, autocommit=True)


@contextmanager
def emptied_on(postgres: RunningPostgres) -> Iterator[Emptied]:
    """A new database with both schemas, until the block ends."""
    name = f"emptied{next(_numbers)}"
    with closing(Emptied(postgres.create_migrated(name))) as database:
        yield database
    postgres.drop(name)
