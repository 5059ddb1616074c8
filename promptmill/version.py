"""Which release this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final

DISTRIBUTION: Final = "promptmill-service"
"""Our own name among the installed packages."""


def installed_version() -> str:
    """Return the installed version; `0` if it runs from a folder that was never installed."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0"
