"""The record as commands open it."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager

from promptmill.config.settings import Settings
from promptmill.store import Store, open_store


def open_record(settings: Settings) -> AbstractAsyncContextManager[Store]:
    """Open the record with the one connection that a command needs.

    Raises:
        ConfigurationError: No database is configured, or its address is wrong.
    """
    return open_store(settings.require_database_url(), pool_size=1)
