"""Base classes of plain data: one shape is built from another by the names of their fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import BaseModel, ConfigDict


class Shape(BaseModel):
    """Data that can be built from an object, or a mapping, whose fields have the same names."""

    @classmethod
    def built_from(cls, source: object, /, **own: Any) -> Self:
        """Return this shape with the fields of a source; `own` are those that the source lacks or defines differently.

        Raises:
            AttributeError, KeyError: The source lacks a field that `own` does not provide, even an optional one.
            ValidationError: A value is invalid for this shape.
        """
        names = [name for name in cls.model_fields if name not in own]
        if isinstance(source, dict) or isinstance(source, Mapping):  # noqa: SIM101  # the first is much faster
            return cls.model_validate({name: source[name] for name in names} | own)
        return cls.model_validate({name: getattr(source, name) for name in names} | own)


class Message(Shape):
    """The base of everything that travels through Temporal: the single input or output of a workflow or activity.

    Frozen. Unknown fields are ignored, so that an older worker can read what a newer one wrote. New fields need a
    default.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")
