"""The only door to Postgres: `open_store` gives a `Store`, whose parts call the SQL functions and read the tables."""

from promptmill.store.store import Store, open_store

__all__ = ["Store", "open_store"]
