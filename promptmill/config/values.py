"""Types of setting values besides plain numbers and strings."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field
from pydantic_settings import NoDecode

from promptmill.addresses import is_loopback_url
from promptmill.contracts.limits import model_pattern

Port = Annotated[int, Field(ge=0, le=65535)]
"""A TCP port, or 0."""

AtOnce = Annotated[int, Field(ge=1, le=1000)]
"""A maximum of what one worker does at once."""


def _split(value: object) -> object:
    """Split a comma-separated string into a tuple; leave everything else to pydantic."""
    if isinstance(value, str):
        return tuple(part.strip() for part in value.split(",") if part.strip())
    return value


Words = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_split)]
"""A comma-separated list."""

Patterns = Annotated[tuple[Annotated[str, AfterValidator(model_pattern)], ...], NoDecode, BeforeValidator(_split)]
"""A comma-separated list of patterns of models."""


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


OWN_PARTS: Final = frozenset(
    {"api", "docs", "mcp", "shared", "v1", "web", "openapi.json", "healthz", "readyz", "metrics"}
)
"""How the API's own paths begin: with one of these as the prefix, a path would have two meanings."""

_PREFIX = re.compile(r"(/(?!\.)[A-Za-z0-9._-]+)+")


def _prefix(path: str) -> str:
    """Accept a prefix that is one part or more, and none of the API's own."""
    if not path:
        return path
    if not _PREFIX.fullmatch(path):
        raise ValueError(
            "must be a path such as /mill (letters, digits, '-', '_', '.'), without a slash at its end; leave it empty "
            "where the API is at the root of its host"
        )
    if (first := path.split("/")[1]) in OWN_PARTS:
        raise ValueError(
            f"must not begin with /{first}, which is a path of the API's own: choose another, such as /mill"
        )
    return path


RootPath = Annotated[str, AfterValidator(_prefix)]
"""The prefix that the API is published under, such as `/mill`; empty at the root of a host."""


_PORTS: Final = {"http": 80, "https": 443}
"""Which browsers leave out of an origin."""


def _origins(value: object) -> object:
    """Parse a comma-separated list of origins; leave everything else to pydantic."""
    if not isinstance(value, str):
        return value
    return tuple(dict.fromkeys(_origin(part.strip()) for part in value.split(",") if part.strip()))


def _origin(text: str) -> str:
    """Return an origin as browsers write it."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    host = (parts.hostname or "").lower()
    plain = parts.scheme in _PORTS and _ORIGIN_HOST.fullmatch(host) and "@" not in parts.netloc
    if not plain or text.lower().removeprefix(f"{parts.scheme}://") != parts.netloc.lower():
        raise ValueError(
            f"{text!r} is no origin: list each one as scheme and host, with a port that is not the usual one, such as "
            "https://studio.example.com; no path, no wildcard, not null"
        )
    named = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{named}" + (f":{port}" if port is not None and port != _PORTS[parts.scheme] else "")


_ORIGIN_HOST = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*|[0-9a-f:.]+")

_MOST_ADDRESSES: Final = 20


def _tls_addresses(value: object) -> object:
    """Parse a comma-separated list of hosts, each with a port or 443; leave everything else to pydantic."""
    if not isinstance(value, str):
        return value
    found = tuple(dict.fromkeys(_tls_address(part.strip()) for part in value.split(",") if part.strip()))
    if len(found) > _MOST_ADDRESSES:
        raise ValueError(f"names {len(found)} addresses: {_MOST_ADDRESSES} at most")
    return found


def _tls_address(text: str) -> str:
    """Return `host:port`."""
    try:
        parts = urlsplit(f"//{text}")
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    if parts.netloc != text or "@" in text or not _ORIGIN_HOST.fullmatch(host) or port == 0:
        raise ValueError(f"{text!r} is no address: write mill.example.com or mill.example.com:8443, comma-separated")
    return with_port(host, port or 443)


def with_port(host: str, port: int) -> str:
    """Return `host:port`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


TlsAddresses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_tls_addresses)]
"""A comma-separated list of addresses that speak TLS, as `host:port`."""


Origins = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)]
"""A comma-separated list of web origins (`https://studio.example.com`), as browsers send them in `Origin`."""
