"""`promptmill callback-secret`: the secret with which receivers verify callbacks."""

from __future__ import annotations

from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.providers.callbacks.signature import CallbackSigner, new_callback_secret


async def read_callback_secret(settings: Settings) -> str:
    """Return the configured secret, or the one that the installation generated; generate it if there is none yet.

    Raises:
        ConfigurationError: The setting is not a valid secret, or there is no database.
        RecordUnavailable: Postgres is unavailable.
    """
    if settings.callback_secret is not None:
        CallbackSigner.of(settings.callback_secret)
        return settings.callback_secret.get_secret_value()
    async with open_record(settings) as store:
        return await store.callbacks.secret(new_callback_secret())
