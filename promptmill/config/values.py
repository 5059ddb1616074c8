"""Types of setting values besides plain numbers and strings."""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
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


Network = IPv4Network | IPv6Network


def _networks(value: object) -> object:
    """Parse a comma-separated list of addresses and networks; leave everything else to pydantic."""
    if not isinstance(value, str):
        return value
    try:
        return tuple(ip_network(part.strip()) for part in value.split(",") if part.strip())
    except ValueError:
        raise ValueError("must be addresses or networks, comma-separated, such as 10.0.0.5,172.16.0.0/12") from None


Networks = Annotated[tuple[Network, ...], NoDecode, BeforeValidator(_networks)]
"""A comma-separated list of addresses (`10.0.0.5`) and networks (`172.16.0.0/12`)."""


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
