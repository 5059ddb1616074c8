"""Parses the JSON schema of a model's inputs for a form: every property becomes a field."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from promptmill.contracts.catalogue import MAX_INPUTS, InputType, ModelInput
from promptmill.contracts.errors import cut
from promptmill.providers.http.redaction import storable
from promptmill.providers.wavespeed.controls import control_of, media_of

MAX_CHOICES: Final = 200
NAME_CHARACTERS: Final = 100
TITLE_CHARACTERS: Final = 120
DESCRIPTION_CHARACTERS: Final = 1_000
VALUE_CHARACTERS: Final = 2_000
"""Maximum characters of a default or a choice, as JSON; longer ones are omitted."""

MAX_PARTS: Final = 20
"""Maximum parts of an object in a list."""

MAX_PICTURES: Final = 100
USUAL_PICTURES: Final = 9
"""Maximum images of a list that declares no limit: as many as a job can have."""

_LARGEST: Final = 2.0**53
"""Larger numbers are not meaningful limits, and browsers cannot represent them exactly."""

_PLAIN: Final = {
    "string": InputType.TEXT,
    "number": InputType.NUMBER,
    "integer": InputType.INTEGER,
    "boolean": InputType.BOOLEAN,
}
_ALTERNATIVES: Final = ("anyOf", "oneOf", "allOf")


def read_inputs(schema: Mapping[str, Any]) -> tuple[ModelInput, ...]:
    """Return the inputs in the schema's own order, or without one, the required ones first. Never raises."""
    properties = schema.get("properties")
    if not isinstance(properties, dict):
        return ()
    told = schema.get("required")
    required = {name for name in told if isinstance(name, str)} if isinstance(told, list) else set()
    ordered = _in_order(_names(properties), schema.get("x-order-properties"), required)
    return tuple(_read_input(name, properties[name], name in required) for name in ordered[:MAX_INPUTS])


def _names(properties: Mapping[str, Any]) -> list[str]:
    names = [name for name in properties if isinstance(name, str) and 0 < len(name) <= NAME_CHARACTERS]
    return [name for name in names if storable(name) == name]


def finite(value: object) -> int | float | None:
    """Return a number unchanged; None for anything else, including infinities and absurdly large ones."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if abs(value) <= _LARGEST else None


def _in_order(names: list[str], told: object, required: set[str]) -> list[str]:
    if isinstance(told, list) and told:
        places = {name: place for place, name in reversed(list(enumerate(told))) if isinstance(name, str)}
        return sorted(names, key=lambda name: places.get(name, len(told)))
    return sorted(names, key=lambda name: name not in required)


def _read_input(name: str, told: object, required: bool, *, deep: bool = True) -> ModelInput:  # noqa: FBT001  # a plain fact about the name
    schema = _flattened(told if isinstance(told, dict) else {})
    choices = _choices(schema.get("enum"))
    kind = InputType.CHOICE if choices else _kind(schema)
    items = schema.get("items")
    entry = _flattened(items) if isinstance(items, dict) else {}
    parts = _parts(entry) if deep else ()
    item_choices = _choices(entry.get("enum"))
    hidden = schema.get("x-hidden") is True
    return ModelInput(
        name=name,
        type=kind,
        title=_text(schema.get("title"), TITLE_CHARACTERS),
        description=_text(schema.get("description"), DESCRIPTION_CHARACTERS),
        required=required and not hidden,
        default=_fitting(schema.get("default"), kind, choices),
        minimum=finite(schema.get("minimum")),
        maximum=finite(schema.get("maximum")),
        step=_positive(schema.get("multipleOf", schema.get("step"))),
        choices=choices,
        suggestions=_suggestions(schema.get("x-enum")) if kind is InputType.TEXT else None,
        max_length=_whole(schema.get("maxLength")),
        pictures=_pictures(name, kind, schema),
        control=control_of(name, kind, schema, has_parts=bool(parts), has_choices=item_choices is not None),
        media=media_of(name, schema),
        placeholder=_text(schema.get("x-placeholder"), TITLE_CHARACTERS),
        hidden=hidden,
        min_items=_whole(schema.get("minItems")),
        max_items=_whole(schema.get("maxItems")),
        item_choices=item_choices,
        parts=parts,
    )


def _parts(entry: Mapping[str, Any]) -> tuple[ModelInput, ...]:
    """Return what each object of a list has; what is nested deeper is entered as JSON."""
    properties, told = entry.get("properties"), entry.get("required")
    if not isinstance(properties, dict):
        return ()
    required = {name for name in told if isinstance(name, str)} if isinstance(told, list) else set()
    ordered = _in_order(_names(properties), entry.get("x-order-properties"), required)
    return tuple(_read_input(name, properties[name], name in required, deep=False) for name in ordered[:MAX_PARTS])


def _suggestions(told: object) -> tuple[str, ...] | None:
    """Return the texts of `x-enum`: values that WaveSpeed's own form offers, beside which others are allowed."""
    return tuple(each for each in _choices(told) or () if isinstance(each, str)) or None


def _flattened(schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the schema with its only non-null alternative merged in; several alternatives stay as they are."""
    for word in _ALTERNATIVES:
        listed = schema.get(word)
        found = [each for each in listed if isinstance(each, dict)] if isinstance(listed, list) else []
        real = [each for each in found if each.get("type") != "null"]
        if len(real) == 1:
            return {**real[0], **{name: value for name, value in schema.items() if name != word}}
    return schema


def _kind(schema: Mapping[str, Any]) -> InputType:
    told = schema.get("type")
    kinds = [each for each in told if each != "null"] if isinstance(told, list) else [told]
    only = kinds[0] if len(kinds) == 1 else None
    return _PLAIN.get(only, InputType.JSON) if isinstance(only, str) else InputType.JSON


def _choices(told: object) -> tuple[Any, ...] | None:
    """Return the distinct values to choose from; None if there are none, or more than a form can show."""
    if not isinstance(told, list) or len(told) > MAX_CHOICES:
        return None
    found: dict[str, Any] = {}
    for value in told:
        if isinstance(value, str | bool | int | float) and _sound(value):
            found.setdefault(json.dumps(value), value)
    return tuple(found.values()) or None


def _fitting(value: Any, kind: InputType, choices: tuple[Any, ...] | None) -> Any:
    """Return a default if its field accepts it, otherwise None."""
    fits = {
        InputType.TEXT: isinstance(value, str),
        InputType.NUMBER: finite(value) is not None,
        InputType.INTEGER: finite(value) is not None and float(value).is_integer(),
        InputType.BOOLEAN: isinstance(value, bool),
        InputType.CHOICE: choices is not None and any(value == each and type(value) is type(each) for each in choices),
        InputType.JSON: value is not None,
    }
    return value if fits[kind] and _sound(value) else None


def _sound(value: Any) -> bool:
    """Whether a value has a short JSON representation."""
    try:
        text = json.dumps(value, allow_nan=False, ensure_ascii=False)
    except (ValueError, RecursionError):
        return False
    return len(text) <= VALUE_CHARACTERS and storable(text) == text


def _pictures(name: str, kind: InputType, schema: Mapping[str, Any]) -> int:
    if name == "image":
        return int(kind is InputType.TEXT)
    items = schema.get("items")
    if name != "images" or schema.get("type") != "array":
        return 0
    if isinstance(items, dict) and items.get("type", "string") != "string":
        return 0
    return min(_whole(schema.get("maxItems")) or USUAL_PICTURES, MAX_PICTURES)


def _text(value: object, limit: int) -> str:
    return cut(storable(value), limit) if isinstance(value, str) else ""


def _positive(value: object) -> int | float | None:
    number = finite(value)
    return number if number is not None and number > 0 else None


def _whole(value: object) -> int | None:
    number = _positive(value)
    return int(number) if number is not None and float(number).is_integer() else None
