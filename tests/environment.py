"""Removes the machine's own settings from an environment."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import MutableMapping

OWN_PREFIXES = ("PROMPTMILL_", "TEMPORAL_", "XAI_", "WAVESPEED_", "PG")
OWN_NAMES = ("DATABASE_URL",)
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def is_ours(name: str) -> bool:
    """Return whether a variable is a setting of ours, of a provider, of Temporal, of Postgres, or a proxy's address."""
    return name.startswith(OWN_PREFIXES) or name in OWN_NAMES or name.upper() in PROXIES


def scrub(environ: MutableMapping[str, str]) -> None:
    """Remove keys, addresses and settings from an environment, and make every later reader refuse real providers."""
    for name in [name for name in environ if is_ours(name)]:
        del environ[name]
    # Not the developer's .env, and not the local.env of a stack running alongside the tests.
    environ["PROMPTMILL_ENV_FILE"] = ""
    environ["PROMPTMILL_DATA_DIR"] = _own_folder("promptmill-test-data-")
    environ["PROMPTMILL_SIMULATED_ONLY"] = "true"
    environ["XDG_RUNTIME_DIR"] = _own_folder("promptmill-test-run-")


def _own_folder(prefix: str) -> str:
    folder = tempfile.mkdtemp(prefix=prefix)
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder
