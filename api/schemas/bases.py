"""The bases of requests and responses, both with camelCase names on the wire.

Requests reject unknown fields, and the error names the nearest known one. Responses have times in RFC 3339 with Z,
money in USD as numbers, and null for unknown values. Clients must expect new fields and new statuses: the record's
values are passed on as strings, because another process may be newer than this one and know more of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict, ModelWrapValidatorHandler, ValidationError, model_validator
from pydantic.alias_generators import to_camel
from pydantic_core import InitErrorDetails, PydanticCustomError

from api.http.errors import MAX_ERRORS, short_name
from promptmill.contracts.messages import Shape

UNKNOWN: Final = "Unknown field."
MAX_GUESSES: Final = 5
"""How many unknown fields get the nearest known name: finding it takes time, and a request seldom has many typos."""


class Answer(Shape):
    """A response: camelCase names on the wire."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


class StrictRequestModel(BaseModel):
    """A request: camelCase names on the wire, no unknown fields, frozen."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        alias_generator=to_camel,
        validate_by_name=False,
        validate_by_alias=True,
        allow_inf_nan=False,
    )

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_nearest(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report unknown fields with the nearest known name, along with all other errors."""
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise PydanticCustomError("refused", "Must be a JSON object.")
        known = {field.alias or name for name, field in cls.model_fields.items()}
        unknown = [name for name in data if name not in known]
        if not unknown:
            return handler(data)
        errors = [
            _error((name,), unknown_field(name, known) if place < MAX_GUESSES else UNKNOWN)
            for place, name in enumerate(unknown[:MAX_ERRORS])
        ]
        try:
            handler({name: value for name, value in data.items() if name in known})
        except ValidationError as error:
            errors += [_error(found["loc"], str(found["msg"])) for found in error.errors()]
        raise ValidationError.from_exception_data(cls.__name__, errors)


def unknown_field(name: str, known: Iterable[str]) -> str:
    """Return the error message for an unknown field."""
    by_plain_name = {_plain(candidate): candidate for candidate in known}
    near = get_close_matches(_plain(short_name(name)), by_plain_name, n=1, cutoff=0.5)
    if near:
        return f"{UNKNOWN} Did you mean {by_plain_name[near[0]]}?"
    return f"{UNKNOWN} Known fields: {', '.join(sorted(by_plain_name.values()))}."


def field_errors(model: type[BaseModel], found: Iterable[tuple[tuple[str, ...], str]]) -> ValidationError:
    """Return the error of a check across several fields: (path on the wire, message) each."""
    return ValidationError.from_exception_data(model.__name__, [_error(path, message) for path, message in found])


def _plain(name: str) -> str:
    """Return a name normalised for comparison."""
    return name.replace("_", "").replace("-", "").lower()


def _error(location: tuple[str | int, ...], message: str) -> InitErrorDetails:
    # Pydantic's templates use braces; a message is data.
    error = PydanticCustomError("refused", "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=location, input=None)
