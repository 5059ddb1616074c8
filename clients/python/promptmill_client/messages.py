"""A request to the API, and how its answer is read: no I/O, shared by both clients."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any, Final, Generic, NamedTuple, TypeVar

import httpx
from pydantic import BaseModel, ValidationError

from promptmill_client.errors import UnexpectedAnswer, api_error
from promptmill_client.models import JobAnswer, Problem

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
REPLAYED: Final = "Idempotency-Replayed"

Read = TypeVar("Read")
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class Call(Generic[Read]):
    """One request.

    Attributes:
        path: Below the API's address; or a whole address of somebody else's, which is never sent the key.
        read: Reads a successful answer.
        form: The parts of a form, each with its content, and with its name if it is a file.
    """

    method: str
    path: str
    read: Callable[[httpx.Response], Read]
    params: Mapping[str, Any] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, tuple[str | None, bytes]] | None = None

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice is like sending it once: a POST only with its idempotency key."""
        return self.method != "POST" or IDEMPOTENCY_KEY in self.headers

    @property
    def elsewhere(self) -> bool:
        """Whether it goes to somebody else than the API."""
        return not self.path.startswith("/")


class Looked(NamedTuple, Generic[Read]):
    """What a look has found: None if nothing has changed since the tag."""

    answer: Read | None
    tag: str | None


class Created(NamedTuple):
    """A job that was asked for.

    Attributes:
        replayed: Whether it was there before: an earlier request with the same key has created it.
    """

    answer: JobAnswer
    replayed: bool


def read_created(response: httpx.Response) -> Created:
    """Read the answer about a job that was asked for."""
    return Created(reads(JobAnswer)(response), response.headers.get(REPLAYED) == "true")


def in_header(text: str, name: str) -> str:
    """Return a text that can be sent in a header.

    Raises:
        ValueError: It cannot; the message does not repeat it, because it may be a secret.
    """
    if not (text and text.isascii() and text.isprintable() and text == text.strip()):
        raise ValueError(f"{name} must be printable ASCII characters, without spaces around them.")
    return text


def new_key() -> str:
    """Return an idempotency key that nobody else has."""
    return secrets.token_hex(16)


def reads(model: type[Model]) -> Callable[[httpx.Response], Model]:
    """Return what reads an answer of this shape."""

    def read(response: httpx.Response) -> Model:
        try:
            return model.model_validate_json(response.content)
        except ValidationError as error:
            raise UnexpectedAnswer(f"{response.url} does not answer as this client expects: {error}") from None

    return read


def looks(model: type[Model]) -> Callable[[httpx.Response], Looked[Model]]:
    """Return what reads an answer that may say that nothing has changed."""

    def read(response: httpx.Response) -> Looked[Model]:
        unchanged = response.status_code == HTTPStatus.NOT_MODIFIED
        return Looked(None if unchanged else reads(model)(response), response.headers.get("ETag"))

    return read


def settled(call: Call[Read], response: httpx.Response) -> Read:
    """Return what an answer says, or raise what it refuses.

    Raises:
        ApiError: It is refused.
        UnexpectedAnswer: It is no answer of this API.
    """
    if response.is_success or response.status_code == HTTPStatus.NOT_MODIFIED:
        return call.read(response)
    try:
        problem = Problem.model_validate_json(response.content)
    except ValidationError:
        raise UnexpectedAnswer(f"{call.method} {response.url} was answered with {response.status_code}.") from None
    raise api_error(problem, retry_after(response))


def problem_code(response: httpx.Response) -> str | None:
    """Return the code of a refusal; None if the answer is no problem document."""
    try:
        return Problem.model_validate_json(response.content).code
    except ValidationError:
        return None


def retry_after(response: httpx.Response) -> float | None:
    """Return after how many seconds a request may be repeated, where the answer says so."""
    told = response.headers.get("Retry-After", "")
    if told.isdecimal():
        return float(told)
    try:
        at, now = parsedate_to_datetime(told), parsedate_to_datetime(response.headers["Date"])
        return max((at - now).total_seconds(), 0.0)
    except (ValueError, TypeError, KeyError):
        return None


def values(given: Mapping[str, Any]) -> dict[str, str | Sequence[str]]:
    """Return parameters of an address as text, lists as several of the same name."""
    return {
        name: [_text(each) for each in value] if isinstance(value, list | tuple) else _text(value)
        for name, value in given.items()
    }


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
