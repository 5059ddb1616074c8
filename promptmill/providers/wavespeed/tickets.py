"""WaveSpeed's upload tickets, validated before anything is sent to a URL that they name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlsplit

from promptmill.addresses import MAX_URL_CHARACTERS, is_loopback_url, url_error
from promptmill.contracts.errors import ProviderAnswerUnusable
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import Answer
from promptmill.providers.wavespeed.answers import PROVIDER, data

SIGNED_URL_CHARACTERS: Final = 8192
"""A signed URL carries its whole authorization in the query."""

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_NOT_TICKETS: Final = frozenset({"host", "connection", "transfer-encoding", "upgrade", "te", "trailer"})
"""Connection headers, which only we set."""


@dataclass(frozen=True)
class Ticket:
    """One allowed upload: PUT the bytes to `put_url` with exactly `headers`; the file is then at `download_url`."""

    put_url: str
    headers: Mapping[str, str]
    download_url: str


def read_ticket(answer: Answer, size: int, *, simulated: bool) -> Ticket:
    """Return the ticket in a successful response.

    Args:
        answer: WaveSpeed's response.
        size: Number of bytes to be sent.
        simulated: Whether the provider is a simulator, whose URLs may be plain http on this machine.

    Raises:
        ProviderAnswerUnusable: It has no ticket, or an unacceptable one. Nothing is quoted: tickets are signed.
    """
    found = data(answer)
    upload = found.get("upload")
    upload = upload if isinstance(upload, dict) else {}
    put_url = _address(upload.get("url"), "upload", SIGNED_URL_CHARACTERS, simulated=simulated)
    download_url = _address(found.get("download_url"), "download", MAX_URL_CHARACTERS, simulated=simulated)
    if upload.get("method") != "PUT":
        raise _unusable("requires a method other than PUT")
    return Ticket(put_url, _headers(upload.get("headers"), size), download_url)


def _address(value: Any, which: str, most: int, *, simulated: bool) -> str:
    if not isinstance(value, str) or not value.isascii():
        raise _unusable(f"has no {which} URL")
    error = url_error(value, allow_private=simulated, most_characters=most)
    if error is None and urlsplit(value).scheme == "http" and not is_loopback_url(value):
        error = "must be an https URL"
    if error is not None:
        raise _unusable(f"has an unusable {which} URL: it {error}")
    return value


def _headers(value: Any, size: int) -> dict[str, str]:
    headers = {} if value is None else value
    if not isinstance(headers, dict) or not all(_is_header(name, text) for name, text in headers.items()):
        raise _unusable("has headers that cannot be sent")
    lengths = {text for name, text in headers.items() if name.lower() == "content-length"}
    if lengths - {str(size)}:
        raise _unusable("declares a different length than requested")
    return headers


def _is_header(name: str, text: Any) -> bool:
    return (
        _NAME.fullmatch(name) is not None
        and name.lower() not in _NOT_TICKETS
        and isinstance(text, str)
        and text.isascii()
        and text.isprintable()
    )


def _unusable(why: str) -> ProviderAnswerUnusable:
    return ProviderAnswerUnusable(ReasonCode.WAVESPEED_UNREACHABLE, f"{PROVIDER}'s upload ticket {why}.")
