"""The bases of requests and responses, both with camelCase names on the wire.

Requests reject unknown fields, and the error names the nearest known one. Responses have times in RFC 3339 with Z,
money in USD as numbers, and null for unknown values. Clients must expect new fields and new statuses: the record's
values are passed on as strings, because another process may be newer than this one and know more of them. The OpenAPI
document lists those that this one knows.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from types import UnionType
from typing import Annotated, Any, ClassVar, Final, Self, Union, cast, get_args, get_origin

from annotated_types import MaxLen
from pydantic import (
    BaseModel,
    ConfigDict,
    GetJsonSchemaHandler,
    ModelWrapValidatorHandler,
    TypeAdapter,
    ValidationError,
    model_validator,
)
from pydantic.alias_generators import to_camel
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema, InitErrorDetails, PydanticCustomError, core_schema

from api.http.errors import MAX_ERRORS
from promptmill.contracts.messages import Shape
from promptmill.spelling import MAX_GUESSES, nearest

UNKNOWN: Final = "Unknown field."


class Answer(Shape):
    """A response: camelCase names on the wire."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, validate_by_name=True, serialize_by_alias=True)


@dataclass(frozen=True)
class ValueOf:
    """Says in the OpenAPI document which values this version knows of a string that is passed on as it is."""

    words: type[StrEnum]

    def __get_pydantic_json_schema__(self, _: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Refer to the enumeration, a schema of its own that is shared by all fields of it."""
        name = f"{self.words.__module__}.{self.words.__qualname__}:{id(self.words)}"
        words = cast("CoreSchema", {**TypeAdapter(self.words).core_schema, "ref": name})
        return handler(core_schema.definitions_schema(core_schema.definition_reference_schema(name), [words]))


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

    _most_entries: ClassVar[dict[str, int]] = {}
    """The fields that are lists or objects of limited length, by their names on the wire."""

    @classmethod
    def __pydantic_init_subclass__(cls, **_: Any) -> None:
        cls._most_entries = {
            field.alias or name: most
            for name, field in cls.model_fields.items()
            if (most := _length(field.annotation, field.metadata)) is not None
        }

    @model_validator(mode="wrap")
    @classmethod
    def _name_the_nearest(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """Report unknown fields with the nearest known name, along with all other errors."""
        if isinstance(data, cls):
            return data
        if not isinstance(data, dict):
            raise PydanticCustomError("refused", "Must be a JSON object.")
        known = {field.alias or name for name, field in cls.model_fields.items()}
        too_long = [
            _error((name,), f"Must have at most {most:,} entries.")
            for name, most in cls._most_entries.items()
            if isinstance(data.get(name), list | dict) and len(data[name]) > most
        ]
        if too_long:  # Pydantic would judge each entry first, and report it: a body can hold a million
            raise ValidationError.from_exception_data(cls.__name__, too_long)
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


def _length(annotation: Any, metadata: Iterable[Any]) -> int | None:
    """Return the maximum length in what annotates a field: itself, or one of its alternatives."""
    for one in metadata:
        for mark in one.metadata if isinstance(one, FieldInfo) else (one,):
            if isinstance(mark, MaxLen):
                return mark.max_length
    if get_origin(annotation) is Annotated:
        return _length(annotation.__origin__, annotation.__metadata__)
    if get_origin(annotation) in {Union, UnionType}:
        return next((found for kind in get_args(annotation) if (found := _length(kind, ())) is not None), None)
    return None


def unknown_field(name: str, known: Iterable[str]) -> str:
    """Return the error message for an unknown field."""
    names = set(known)
    near = nearest(name, names)
    return f"{UNKNOWN} Did you mean {near}?" if near else f"{UNKNOWN} Known fields: {', '.join(sorted(names))}."


def field_errors(model: type[BaseModel], found: Iterable[tuple[tuple[str | int, ...], str]]) -> ValidationError:
    """Return the error of a check across several fields: (path on the wire, message) each."""
    return ValidationError.from_exception_data(model.__name__, [_error(path, message) for path, message in found])


def _error(location: tuple[str | int, ...], message: str) -> InitErrorDetails:
    # Pydantic's templates use braces; a message is data.
    error = PydanticCustomError("refused", "{message}", {"message": message})
    return InitErrorDetails(type=error, loc=location, input=None)
