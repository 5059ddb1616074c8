"""The only access to Postgres: `open_store` returns a `Store`, whose parts call SQL functions and read tables."""

from promptmill.store.jobs import job_input
from promptmill.store.prompts import prompt_request
from promptmill.store.store import Store, open_store

__all__ = ["Store", "job_input", "open_store", "prompt_request"]
