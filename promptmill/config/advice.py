"""Settings that work but are unsafe."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from dotenv import dotenv_values
from pydantic import SecretStr

from promptmill.addresses import is_loopback_host
from promptmill.config.api import MIN_TOKEN_CHARACTERS
from promptmill.config.settings import Settings, variable_name

_OTHERS: Final = stat.S_IRGRP | stat.S_IWGRP | stat.S_IROTH | stat.S_IWOTH
_FEW_ADDRESSES: Final = 8
"""Of a network that has a proxy's own addresses and nobody else's."""

SECRETS: Final = frozenset(
    variable_name(name)
    for name, field in Settings.model_fields.items()
    if SecretStr in getattr(field.annotation, "__args__", ())
) | {"TEMPORAL_API_KEY", "PGPASSWORD"}
"""Variables that hold a secret."""


def start_warnings(settings: Settings, environ: Mapping[str, str] | None = None) -> list[str]:
    """Return one sentence per unsafe setting, with what to do about it."""
    file = _readable_file(os.environ if environ is None else environ)
    found = [file, *_weak_tokens(settings), _open_behind_a_proxy(settings), _believed_widely(settings)]
    return [warning for warning in found if warning is not None]


def _readable_file(environ: Mapping[str, str]) -> str | None:
    """Return the warning about a settings file with secrets that other users of the machine can read."""
    name = environ.get("PROMPTMILL_ENV_FILE", ".env")
    path = Path(name)
    if os.name != "posix" or not name or not path.is_file() or not path.stat().st_mode & _OTHERS:
        return None
    if not any(value for variable, value in dotenv_values(path).items() if variable in SECRETS):
        return None
    return f"{path} holds secrets and other users of this machine can read it: run `chmod 600 {path}`."


def _open_behind_a_proxy(settings: Settings) -> str | None:
    """Return the warning about a proxy whose callers need no key: to the API they come from this machine."""
    behind = {
        "allowed_hosts": settings.allowed_hosts,
        "trusted_proxies": settings.trusted_proxies,
        "root_path": settings.root_path,
    }
    told = next((variable_name(name) for name, value in behind.items() if value), None)
    if told is None or settings.api_tokens or settings.single_sign_on:
        return None
    return (
        f"{told} is set, so a proxy probably stands in front, and PROMPTMILL_API_TOKEN is not: until the first API key is "
        "made, everybody whom the proxy lets in may do everything."
    )


def _believed_widely(settings: Settings) -> str | None:
    """Return the warning about many who are believed when they say who calls: all programs of this machine, or a network."""
    if settings.trusted_proxy_secret is not None:
        return None
    wide = [net for net in settings.trusted_proxy if net.is_loopback or net.num_addresses > _FEW_ADDRESSES]
    if not wide:
        return None
    return (
        f"PROMPTMILL_TRUSTED_PROXY believes everything that connects from {wide[0]} when it says who calls, administrators "
        "included: set PROMPTMILL_TRUSTED_PROXY_SECRET as well, such as from `openssl rand -hex 24`."
    )


def _weak_tokens(settings: Settings) -> list[str]:
    """Return the warnings about short tokens; if other machines can reach the API, a short one is refused."""
    if not is_loopback_host(settings.host):
        return []
    return [
        f"{name} is short: use {MIN_TOKEN_CHARACTERS} characters or more, such as from `openssl rand -hex 24`."
        for name, token in settings.api_tokens.items()
        if len(token.get_secret_value()) < MIN_TOKEN_CHARACTERS
    ]
