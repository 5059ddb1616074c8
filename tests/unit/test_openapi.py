"""The prose of the OpenAPI document."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic.alias_generators import to_snake

from api.app import build_routes
from api.http.metrics import RequestMetrics
from promptmill.config.settings import load_settings


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return build_routes(load_settings({"PROMPTMILL_ENV_FILE": ""}), RequestMetrics.create()).openapi()


def test_fields_are_named_as_on_the_wire(document: dict[str, Any]) -> None:
    """Descriptions come from Python docstrings, where a field's Python name slips in easily."""
    schemas = document["components"]["schemas"]
    wire = {name for schema in schemas.values() for name in schema.get("properties", {})}
    values = {value for schema in schemas.values() for value in schema.get("enum", [])}
    python = {to_snake(name) for name in wire} - wire - values
    prose = [
        described["description"]
        for schema in schemas.values()
        for described in (schema, *schema.get("properties", {}).values())
        if "description" in described
    ]

    named = {word for text in prose for word in re.findall(r"`(\w+)`", text)}

    assert named & wire, "some fields are named"
    assert not named & python


def test_every_field_and_parameter_says_what_it_is(document: dict[str, Any]) -> None:
    """Statuses counted by name, and names that a class explains as a whole, need no words of their own."""
    explained = {"JobCounts", "ModelAnswer", "ModelDetail"}
    silent = [
        f"{name}.{field}"
        for name, schema in document["components"]["schemas"].items()
        for field, told in schema.get("properties", {}).items()
        if name not in explained and not {"description", "$ref", "allOf"} & told.keys()
    ]
    silent += [
        f"{method} {path} {parameter['name']}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        for parameter in operation.get("parameters", [])
        if "description" not in parameter
    ]

    assert silent == []
