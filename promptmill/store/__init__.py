"""The only door to Postgres: `open_store` gives a `Store`, whose parts call the SQL functions and read the tables."""

from promptmill.store.jobs import job_input
from promptmill.store.prompts import prompt_request
from promptmill.store.store import Store, open_store

__all__ = ["Store", "job_input", "open_store", "prompt_request"]
