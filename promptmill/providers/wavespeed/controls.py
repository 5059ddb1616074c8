"""What a form offers for an input of WaveSpeed's: by `x-ui-component` and `x-accept`, otherwise by name and type."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from promptmill.contracts.catalogue import Control, InputType

MAX_ACCEPTED: Final = 20
ACCEPTED_CHARACTERS: Final = 40

_MEDIA_NAME: Final = re.compile(r"(?:^|_)(image|video|audio)(s|_urls?)?$")
_ACCEPTED: Final = re.compile(r"(?:(image|video|audio)/\*|[a-z]{1,20}/[a-z0-9.+-]{1,40}|\.[a-z0-9]{1,20})")
_PARAGRAPHS: Final = ("prompt", "text", "description", "content", "lyrics")
_BY_TYPE: Final = {
    InputType.NUMBER: Control.NUMBER,
    InputType.INTEGER: Control.NUMBER,
    InputType.BOOLEAN: Control.SWITCH,
    InputType.CHOICE: Control.CHOICE,
    InputType.JSON: Control.JSON,
}


def control_of(name: str, kind: InputType, schema: Mapping[str, Any], *, has_parts: bool, has_choices: bool) -> Control:
    """Return what a form offers for an input.

    Args:
        name: Its name: WaveSpeed's own forms go by it, too.
        kind: What its value is.
        schema: Its schema.
        has_parts: Whether the entries of its list are objects with known parts.
        has_choices: Whether the entries of its list are chosen from a few.
    """
    component = schema.get("x-ui-component")
    if kind is InputType.JSON:
        return _of_list(name, schema, component, has_parts=has_parts, has_choices=has_choices)
    if kind is InputType.TEXT:
        return _of_text(name, component)
    if kind is InputType.INTEGER and name == "seed":
        return Control.SEED
    limited = isinstance(schema.get("minimum"), int | float) and isinstance(schema.get("maximum"), int | float)
    if component == "slider" and limited and kind in {InputType.NUMBER, InputType.INTEGER}:
        return Control.SLIDER
    return _BY_TYPE[kind]


def _of_text(name: str, component: object) -> Control:
    if name == "size" or component == "size":
        return Control.SIZE
    if component == "uploader" or _MEDIA_NAME.search(name):
        return Control.MEDIA
    return Control.PARAGRAPH if name.endswith(_PARAGRAPHS) or component == "textarea" else Control.TEXT


def _of_list(name: str, schema: Mapping[str, Any], component: object, *, has_parts: bool, has_choices: bool) -> Control:
    if schema.get("type") != "array":
        return Control.JSON
    items = schema.get("items")
    entry = items.get("type", "string") if isinstance(items, dict) else "string"
    if component == "loras" or (name.endswith("loras") and entry == "object"):
        return Control.LORAS
    if has_parts or has_choices:
        return Control.OBJECTS if has_parts else Control.CHOICES
    if entry != "string":
        return Control.JSON
    if component in {"uploader", "uploaders"} or _MEDIA_NAME.search(name):
        return Control.MEDIA_LIST
    return Control.TEXTS


def media_of(name: str, schema: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what the files of an input may be: `image`, `video`, `audio`, or a media type or an ending."""
    told = schema.get("x-accept")
    if isinstance(told, str):
        words = [word.strip().lower() for word in told.split(",")[:MAX_ACCEPTED]]
        found = [_ACCEPTED.fullmatch(word) for word in words if len(word) <= ACCEPTED_CHARACTERS]
        accepted = tuple(dict.fromkeys(match[1] or match[0] for match in found if match))
        if accepted:
            return accepted
    named = _MEDIA_NAME.search(name)
    return (named[1],) if named else ()
