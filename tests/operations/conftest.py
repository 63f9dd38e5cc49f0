"""The same engine and stores as the tests of workers."""

from tests.worker.conftest import engine, open_store, queue, store

__all__ = ["engine", "open_store", "queue", "store"]
