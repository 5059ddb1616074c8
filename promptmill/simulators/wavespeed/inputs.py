"""Validates a submission's inputs against the model's schema, as far as the models here require."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from promptmill.simulators.wavespeed.catalogue import Model

SIZE = re.compile(r"(\d{2,5})\*(\d{2,5})")
ADDRESS = re.compile(r"(https?://|data:)\S+", re.IGNORECASE)
PYTHON_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def find_problem(model: Model, inputs: Any) -> str | None:
    """Return what is wrong with a submission's body in one sentence, or None. Unknown inputs are accepted."""
    if not isinstance(inputs, dict):
        return "the body must be a JSON object"
    # What WaveSpeed's own form hides is never asked for, even if its schema calls it required.
    asked = [name for name in model.required if not model.inputs.get(name, {}).get("x-hidden")]
    missing = [name for name in asked if inputs.get(name) in (None, "")]
    if missing:
        return f"property '{missing[0]}' is missing"
    for name, value in inputs.items():
        schema = model.inputs.get(name)
        # An input with alternatives has no type of its own; in WaveSpeed's models it is one that needs no checking.
        wrong = None if schema is None or value is None or "type" not in schema else _problem_of(value, schema)
        if wrong:
            return f"property '{name}' {wrong}"
    return None


def _problem_of(value: Any, schema: Mapping[str, Any]) -> str | None:
    kind = schema["type"]
    if not isinstance(value, PYTHON_TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return f"must be of type {kind}"
    if "enum" in schema and value not in schema["enum"]:
        return f"must be one of {', '.join(map(str, schema['enum']))}"
    if isinstance(value, str):
        return _problem_of_text(value, schema)
    if isinstance(value, list):
        return _problem_of_list(value, schema)
    if isinstance(value, int | float) and not _within(value, schema):
        return f"must be between {schema.get('minimum')} and {schema.get('maximum')}"
    return None


def _problem_of_text(value: str, schema: Mapping[str, Any]) -> str | None:
    if len(value) < schema.get("minLength", 0):
        return "is too short"
    if schema.get("format") == "uri" and not ADDRESS.fullmatch(value):
        return "must be a URL"
    if schema.get("x-ui-component") == "size":
        size = SIZE.fullmatch(value)
        if size is None:
            return "must look like 1024*1024"
        if not all(_within(int(side), schema) for side in size.groups()):
            return f"must be between {schema.get('minimum')} and {schema.get('maximum')} on each side"
    return None


def _problem_of_list(value: list[Any], schema: Mapping[str, Any]) -> str | None:
    least, most = schema.get("minItems", 0), schema.get("maxItems", len(value))
    if not least <= len(value) <= most:
        return f"must have {least} to {most} items"
    return next((wrong for item in value if (wrong := _problem_of(item, schema["items"]))), None)


def _within(value: float, schema: Mapping[str, Any]) -> bool:
    return bool(schema.get("minimum", value) <= value <= schema.get("maximum", value))
