"""A running instance, asked over HTTP as its callers do: for commands that look at one from outside."""

from __future__ import annotations

import http.client
import json
import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from promptmill.config.settings import merged_environment

DEFAULT_URL: Final = "http://127.0.0.1:3000"
NAMED_BY: Final = "PROMPTMILL_URL"
SECONDS: Final = 15.0


class Failed(Exception):
    """The message says what was expected and what was received."""


@dataclass(frozen=True)
class Answer:
    """An answer of the instance."""

    status: int
    kind: str
    body: Any


@dataclass
class Instance:
    """A running instance, or another server beside one.

    Attributes:
        key: An API key, or a token of the settings.
        named_by: The setting or option that names the address, for whoever reads that nothing answers there.
    """

    url: str
    key: str | None
    named_by: str | None = None

    def ask(self, method: str, path: str, body: object = None) -> Answer:
        """Send one request.

        Raises:
            Failed: There is no response.
        """
        try:
            request = urllib.request.Request(self.url.rstrip("/") + path, method=method)  # noqa: S310  # the user's own
            if self.key:
                request.add_header("Authorization", f"Bearer {self.key}")
            if body is not None:
                request.data = json.dumps(body).encode()
                request.add_header("Content-Type", "application/json")
            return _answer(request)
        except (OSError, http.client.HTTPException, ValueError) as error:
            hint = f": check {self.named_by}" if self.named_by else ""
            raise Failed(f"no response from {self.url} ({_told(error)}){hint}") from None

    def expect(self, status: int, method: str, path: str, body: object = None) -> Answer:
        """Send one request and check the status.

        Raises:
            Failed: The status differs.
        """
        answer = self.ask(method, path, body)
        if answer.status == HTTPStatus.UNAUTHORIZED:
            raise Failed(f"{method} {path}: a key is required: set PROMPTMILL_KEY to one with the role member")
        if answer.status != status:
            raise Failed(f"{method} {path}: expected {status}, got {answer.status} {short(answer.body)}")
        return answer


def instance_url() -> str:
    """Return where the instance is: `PROMPTMILL_URL`, or the port of this folder's settings."""
    port = merged_environment().get("PROMPTMILL_PORT")
    return os.environ.get(NAMED_BY) or (f"http://127.0.0.1:{port}" if port else DEFAULT_URL)


def this_instance() -> Instance:
    """Return the instance that the environment names, as the caller that it names."""
    return Instance(instance_url(), caller_key(), named_by=NAMED_BY)


def caller_key() -> str | None:
    """Return the key to call with: `PROMPTMILL_API_KEY`, `PROMPTMILL_KEY`, or the token of the settings."""
    given = os.environ.get("PROMPTMILL_API_KEY") or os.environ.get("PROMPTMILL_KEY")
    return given or merged_environment().get("PROMPTMILL_API_TOKEN")


def short(body: object, limit: int = 200) -> str:
    """Return the beginning of a response's body on one line."""
    text = body if isinstance(body, str) else json.dumps(body)
    return " ".join(text.split())[:limit]


def _answer(request: urllib.request.Request) -> Answer:
    try:
        answer = urllib.request.urlopen(request, timeout=SECONDS)  # noqa: S310  # the user's own address
    except urllib.error.HTTPError as error:  # also an answer
        answer = error
    with answer:
        return _read(answer.status, answer.headers.get_content_type(), answer.read())


def _told(error: Exception) -> str:
    """Return what an error says, if it says something: one of a header's value quotes the key."""
    if isinstance(error, ValueError) and not isinstance(error, http.client.HTTPException):
        return "the address or the key is none that HTTP can carry"
    return short(str(error)) or type(error).__name__


def _read(status: int, kind: str, raw: bytes) -> Answer:
    try:
        return Answer(status, kind, json.loads(raw))
    except ValueError:
        return Answer(status, kind, raw.decode(errors="replace"))
