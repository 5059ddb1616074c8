"""Types of setting values besides plain numbers and strings."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator
from pydantic_settings import NoDecode

from promptmill.addresses import is_loopback_url


def _split(value: object) -> object:
    """Split a comma-separated string into a tuple; leave everything else to pydantic."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A comma-separated list."""


def _public(address: str) -> str:
    """Accept a URL that WaveSpeed can post to: https, or plain http on this machine (simulators)."""
    parts = urlsplit(address)
    plain = parts.scheme == "http" and is_loopback_url(address)
    if not parts.hostname or "@" in parts.netloc or parts.query or parts.fragment or parts.port == 0:
        raise ValueError("must be a URL such as https://host, without credentials or query")
    if parts.scheme != "https" and not plain:
        raise ValueError("must be an https URL: WaveSpeed posts to no other")
    return address.rstrip("/")


PublicAddress = Annotated[str, AfterValidator(_public)]
"""A public base URL, without a trailing slash."""
