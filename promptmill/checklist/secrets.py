"""What a sheet must not tell, and an error in words without it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import SecretStr

from promptmill.checklist.findings import Fails
from promptmill.commands.instance import Failed
from promptmill.config.settings import Settings, variable_name
from promptmill.contracts.errors import PromptmillError, cut
from promptmill.telemetry import without_secrets

SHORTEST: Final = 4
"""A shorter string is not a secret, and replacing it would garble every sentence."""

SPEAKS: Final = (Fails, Failed, PromptmillError)
"""Errors whose messages say what is wrong; of others the type must be told, too."""


def secrets_of(settings: Settings) -> Iterator[tuple[str, str]]:
    """Yield every secret that is set, with the variable that holds it."""
    for name in Settings.model_fields:
        value = getattr(settings, name)
        if isinstance(value, SecretStr) and len(value.get_secret_value()) >= SHORTEST:
            yield variable_name(name), value.get_secret_value()


def told(settings: Settings, error: Exception) -> str:
    """Return what an error says on one line, without secrets."""
    text = str(error)
    for name, secret in secrets_of(settings):
        text = text.replace(secret, f"[{name}]")
    text = cut(without_secrets(text))
    return text if isinstance(error, SPEAKS) else f"unexpected {type(error).__name__}{f': {text}' if text else ''}"
