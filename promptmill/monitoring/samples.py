"""The files of deploy/monitoring, and Prometheus's configuration with other addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import promptmill
from promptmill.contracts.errors import ConfigurationError
from promptmill.local.ports import LOOPBACK, Address

FILES: Final = Path(promptmill.__path__[0]).parent / "deploy" / "monitoring"

API, WORKER, WORKERS_SDK, ALERTMANAGER = 3000, 9464, 9465, 9093
"""The ports by which the sample names what it scrapes and tells."""

KEY_FILE: Final = "metrics-key"
_WITHOUT_KEY: Final = f"    # authorization:\n    #   credentials_file: {KEY_FILE}\n"
_ADDRESS: Final = re.compile(rf"{re.escape(LOOPBACK)}:(\d+)")


def sample(name: str) -> str:
    """Return a file's text.

    Raises:
        ConfigurationError: It is not there, as in an installed package.
    """
    try:
        return (FILES / name).read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(
            f"deploy/monitoring/{name} cannot be read ({error.strerror}): run this from a checkout of this release."
        ) from None


def prometheus_file(addresses: Mapping[int, Address], *, with_key: bool) -> str:
    """Return Prometheus's configuration.

    Args:
        addresses: Where each of the sample's ports really is; the others stay.
        with_key: Whether the API is asked with the key in `KEY_FILE`, beside the configuration.
    """
    text = sample("prometheus.yml")
    if with_key:
        text = text.replace(_WITHOUT_KEY, _WITHOUT_KEY.replace("# ", ""))
    return at_addresses(text, addresses)


def at_addresses(text: str, addresses: Mapping[int, Address]) -> str:
    """Return one of the files with these addresses in place of the sample's ports."""
    # In one pass: an address may have the port that another one has in the sample.
    return _ADDRESS.sub(lambda found: str(addresses.get(int(found[1]), found[0])), text)
