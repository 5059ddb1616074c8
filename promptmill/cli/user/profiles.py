"""Named installations with their keys, in the user's configuration folder, which nobody else may read."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import typer

from promptmill.contracts.errors import ConfigurationError

APP: Final = "promptmill"
USUAL: Final = "default"
_FILE: Final = "profiles.json"


def config_folder() -> Path:
    """Return the user's configuration folder."""
    return Path(typer.get_app_dir(APP))


def read_profiles() -> dict[str, dict[str, str]]:
    """Return the profiles by name, each with `url` and perhaps `key`.

    Raises:
        ConfigurationError: The file cannot be read.
    """
    file = config_folder() / _FILE
    found = _read(file)
    if not all(isinstance(profile, dict) and isinstance(profile.get("url"), str) for profile in found.values()):
        raise ConfigurationError(f"{file} is not what `promptmill login` writes: remove it, and log in again.")
    return found


def write_profile(name: str, profile: Mapping[str, str]) -> Path:
    """Keep a profile, and return the file."""
    file = config_folder() / _FILE
    write_private(file, read_profiles() | {name: dict(profile)})
    return file


def remove_profile(name: str) -> bool:
    """Forget a profile; return whether there was one."""
    profiles = read_profiles()
    if profiles.pop(name, None) is None:
        return False
    write_private(config_folder() / _FILE, profiles)
    return True


def read_private(file: Path) -> dict[str, Any]:
    """Return a file's content; nothing where there is none, or it is broken."""
    try:
        return _read(file)
    except ConfigurationError:
        return {}


def write_private(file: Path, content: Mapping[str, Any]) -> None:
    """Replace a file as a whole; nobody but the user can ever read it."""
    # A mode holds for the last folder of a path alone.
    for folder in (config_folder(), file.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f".{secrets.token_hex(8)}.part")
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            json.dump(content, opened, indent=2)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from None
    if not isinstance(found, dict):
        raise ConfigurationError(f"{file} is not what `promptmill login` writes: remove it, and log in again.")
    return found
