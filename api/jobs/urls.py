"""The URLs in a request: which there are, and whether providers may fetch them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from api.http.errors import FieldError, Refused, pointer_to
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from api.schemas.prompt_queue import EnqueuePrompt
from promptmill.addresses import url_error

Path = tuple[str | int, ...]
Urls = Iterator[tuple[Path, str]]
"""URLs, each with the path to it in the request."""

_SCHEMES: Final = ("http:", "https:", "ftp:", "file:", "//")


def refuse_addresses(addresses: Urls, *, allow_private: bool) -> None:
    """Check that providers may fetch these URLs.

    Raises:
        Refused: With a pointer to each URL that they may not.
    """
    found = [
        FieldError(pointer=pointer_to(path), message=f"The URL {error}.")
        for path, url in addresses
        if (error := url_error(url, allow_private=allow_private)) is not None
    ]
    if found:
        raise Refused("invalid_request", f"{found[0].pointer}: {found[0].message}", errors=found)


def all_addresses(request: CreateJob | AskPrice) -> Urls:
    """Find the URLs that would be sent to WaveSpeed, and the one that is called when the job ends."""
    yield from media_addresses(request)
    if isinstance(request, CreateJob) and request.callback_url:
        yield ("callbackUrl",), request.callback_url


def media_addresses(request: CreateJob | AskPrice) -> Urls:
    """Find the URLs that would be sent to WaveSpeed."""
    yield from picture_addresses(request)
    yield from _input_addresses(("input",), request.input)


def picture_addresses(request: CreateJob | EnqueuePrompt | AskPrice) -> Urls:
    """Find the URLs of the pictures that stand beside a model's inputs."""
    if request.target_url:
        yield ("targetUrl",), request.target_url
    for index, url in enumerate(request.ref_urls):
        yield ("refUrls", index), url


def _input_addresses(path: Path, value: Any) -> Urls:
    """Find what WaveSpeed would treat as a URL: strings that begin like one. The depth of a body is limited."""
    if isinstance(value, str):
        if value.lstrip().lower().startswith(_SCHEMES):
            yield path, value
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _input_addresses((*path, name), entry)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _input_addresses((*path, index), entry)
