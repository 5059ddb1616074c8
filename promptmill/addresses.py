"""Validates addresses given by callers: the text of a URL, and the addresses that a name resolves to.

A URL: `https`, no credentials, no literal private, loopback, link-local or reserved address in any spelling that a
browser or libc would understand, no name without a dot. Names are not resolved here: whoever opens a URL resolves its
name, checks each address with `address_error`, and connects to a checked one.
"""

from __future__ import annotations

import re
import unicodedata
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final
from urllib.parse import SplitResult, urlsplit

MAX_URL_CHARACTERS: Final = 2048

_LOCAL_SUFFIXES: Final = (".localhost", ".local", ".internal", ".home.arpa")
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\<>\"`{}|^]")
_NUMBER = re.compile(r"0[xX][0-9a-fA-F]*|[0-9]+")
_NAT64: Final = IPv6Network("64:ff9b::/96")
_GLOBAL_UNICAST: Final = IPv6Network("2000::/3")
_NEVER: Final = tuple(
    ip_network(network)
    for network in (
        "168.63.129.16/32",  # Azure's internal services, in a public range
        "192.0.0.0/24",  # protocol assignments; Oracle's metadata
        "192.88.99.0/24",  # 6to4 relays
        "fd00:ec2::/32",  # AWS's metadata
        "fd20:ce::/32",  # Google's metadata
        "3fff::/20",  # documentation
    )
)
"""Networks that are never a legitimate target although they look public, or private and thus allowed."""
_DOTS = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})

_REFUSED_HOST: Final = "points to a private, loopback, link-local or reserved address"


def url_error(url: str, *, allow_private: bool = False, most_characters: int = MAX_URL_CHARACTERS) -> str | None:
    """Return what is wrong with a URL, as the end of a sentence, or None.

    `allow_private` allows loopback and private networks, also over plain http (simulators).
    """
    if len(url) > most_characters:
        return f"must have at most {most_characters} characters"
    if _FORBIDDEN.search(url):
        return "contains characters that are not allowed in a URL"
    try:
        parts = urlsplit(url)
        _ = parts.port  # raises if the port is invalid
    except ValueError:
        return "is not a URL"
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return "must be an https URL"
    return _parts_error(parts, parts.hostname, allow_private=allow_private)


def is_loopback_host(host: str) -> bool:
    """Return whether a host name or address, without port and brackets, is this machine itself (RFC 6761)."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def is_loopback_url(url: str) -> bool:
    """Return whether a URL's host is this machine itself."""
    return is_loopback_host(urlsplit(url).hostname or "")


def host_named(url: str) -> str:
    """Return the host of a URL in one spelling, however it is written; empty if it has none.

    A name is in lower case, in ASCII and without the dot at its end; an IP address is in its usual form.
    """
    try:
        host = _plain(urlsplit(url).hostname or "")
        address = _literal(host)
    except ValueError:
        return ""
    if address is not None:
        return str(_embedded(address) or address)
    with suppress(UnicodeError):
        return host.encode("idna").decode("ascii")
    return host


def address_error(text: str, *, allow_private: bool = False) -> str | None:
    """Return what is wrong with an IP address that a name resolved to, as the end of a sentence, or None."""
    try:
        address = ip_address(text)
    except ValueError:
        return "is not an IP address"
    if "%" in text:
        return "has a zone"
    error, private = _judge_address(address)
    return None if allow_private and private else error


def _parts_error(parts: SplitResult, host: str, *, allow_private: bool) -> str | None:
    if "@" in parts.netloc:
        return "must not carry credentials"
    error, private = _judge_host(host)
    if allow_private and private:
        return None
    return error or ("must be an https URL" if parts.scheme != "https" else None)


def _judge_host(host: str) -> tuple[str | None, bool]:
    """Return what is wrong with a host, and whether it is in a network that may be allowed."""
    if "%" in host:
        return "has a host with escapes or a zone", False
    host = _plain(host)
    try:
        address = _literal(host)
    except ValueError:
        return _REFUSED_HOST, False
    return _judge_name(host) if address is None else _judge_address(address)


def _plain(host: str) -> str:
    """Return a host in lower case, with the letters and dots that resolvers take others for."""
    return unicodedata.normalize("NFKC", host).translate(_DOTS).lower().rstrip(".")


def _judge_name(host: str) -> tuple[str | None, bool]:
    if not all(host.split(".")):
        return "has no valid host name", False
    if "." not in host:
        return "has a host name without a dot", True
    if host.endswith(_LOCAL_SUFFIXES):
        return _REFUSED_HOST, True
    return None, False


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return the IP address that a host spells in any form that inet_aton accepts; None for a name.

    Raises:
        ValueError: The last part is a number but the whole is not an address, which resolvers interpret differently.
    """
    if ":" in host:
        return IPv6Address(host)
    labels = host.split(".")
    if not _NUMBER.fullmatch(labels[-1]):
        return None
    if len(labels) > 4 or not all(_NUMBER.fullmatch(label) for label in labels):  # noqa: PLR2004  # a.b.c.d
        raise ValueError(host)
    *heads, tail = [_number(label) for label in labels]
    room = 256 ** (4 - len(heads))
    if any(head > 255 for head in heads) or tail >= room:  # noqa: PLR2004  # one byte
        raise ValueError(host)
    return IPv4Address(sum(head << (8 * (3 - place)) for place, head in enumerate(heads)) + tail)


def _number(label: str) -> int:
    """Read decimal, 0x hexadecimal or 0 octal, as inet_aton does."""
    if label[:2] in {"0x", "0X"}:
        return int(label[2:] or "0", 16)
    return int(label, 8) if label.startswith("0") and label != "0" else int(label)


def _judge_address(address: IPv4Address | IPv6Address) -> tuple[str | None, bool]:
    inner = _embedded(address)
    if inner is not None:
        return _judge_address(inner)
    if any(address in network for network in _NEVER):
        return _REFUSED_HOST, False
    if _public(address):
        return None, False
    beyond = address.is_link_local or address.is_multicast or address.is_unspecified or address.is_reserved
    return _REFUSED_HOST, address.is_loopback or (address.is_private and not beyond)


def _public(address: IPv4Address | IPv6Address) -> bool:
    # Python considers whole unassigned ranges global, and also site-local addresses.
    given_out = isinstance(address, IPv4Address) or address in _GLOBAL_UNICAST
    return given_out and address.is_global and not address.is_multicast


def _embedded(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 one leads to (mapped, compatible, 6to4, NAT64, ISATAP), or None."""
    if isinstance(address, IPv4Address):
        return None
    if address.ipv4_mapped is not None or address.sixtofour is not None:
        return address.ipv4_mapped or address.sixtofour
    number = int(address)
    tail = number & 0xFFFFFFFF
    compatible = 1 < number < 2**32
    isatap = (number >> 32) & 0xFDFFFFFF == 0x5EFE  # noqa: PLR2004  # the marker before the IPv4 address
    return IPv4Address(tail) if tail and (compatible or isatap or address in _NAT64) else None
