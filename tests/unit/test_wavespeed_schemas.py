"""How WaveSpeed's list of models is read: malformed parts are skipped, valid ones never lost."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from promptmill.contracts.catalogue import MAX_INPUTS, Control, InputType, ModelInput
from promptmill.providers.wavespeed.models import FORMULA_CHARACTERS, MAX_MODELS, read_models
from promptmill.providers.wavespeed.schemas import USUAL_PICTURES, read_inputs
from promptmill.simulators.wavespeed.catalogue import load_models

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["string", "null", 10**400]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
"""Anything that `json.loads` can return, including NaN, infinities and lone surrogates."""

WORDS = (
    *("type", "enum", "default", "minimum", "maximum", "multipleOf", "step", "title", "description", "maxLength"),
    *("items", "minItems", "maxItems", "anyOf", "oneOf", "allOf"),
    *("x-ui-component", "x-accept", "x-hidden", "x-placeholder", "x-enum", "x-order-properties", "properties"),
)
SCHEMA = st.dictionaries(st.sampled_from(WORDS), JSON, max_size=6) | JSON
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "model_id": JSON,
        "name": JSON,
        "description": JSON,
        "type": JSON,
        "base_price": JSON,
        "sort_order": JSON,
        "formula": JSON,
        "api_schema": JSON
        | st.fixed_dictionaries(
            {"api_schemas": JSON | st.lists(JSON | st.fixed_dictionaries({"request_schema": JSON}))}
        ),
    },
)
SANE = {
    "model_id": "vendor/sane",
    "name": "Sane",
    "description": "A model.",
    "type": "text-to-image",
    "base_price": 0.03,
    "sort_order": 4,
    "formula": "base_price",
    "api_schema": {
        "api_schemas": [{"type": "model_run", "request_schema": {"properties": {"size": {"type": "string"}}}}]
    },
}


def read_input(schema: Any, name: str = "it") -> ModelInput:
    [found] = read_inputs({"properties": {name: schema}})
    return found


@pytest.mark.parametrize(
    ("schema", "kind"),
    [
        ({"type": "string"}, InputType.TEXT),
        ({"type": "integer"}, InputType.INTEGER),
        ({"type": "number"}, InputType.NUMBER),
        ({"type": "boolean"}, InputType.BOOLEAN),
        ({"type": "string", "enum": ["a", "b"]}, InputType.CHOICE),
        ({"enum": [5, 10]}, InputType.CHOICE),
        ({"type": ["string", "null"]}, InputType.TEXT),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, InputType.INTEGER),
        ({"allOf": [{"enum": ["a"]}], "default": "a"}, InputType.CHOICE),
        ({"oneOf": [{"type": "integer"}, {"type": "string"}]}, InputType.JSON),
        ({"type": ["string", "integer"]}, InputType.JSON),
        ({"type": "array", "items": {"type": "object"}}, InputType.JSON),
        ({"type": "object"}, InputType.JSON),
        ({"type": "string", "enum": []}, InputType.TEXT),
        ({"type": "string", "enum": "a,b"}, InputType.TEXT),
        ({"type": {"odd": []}}, InputType.JSON),
        ({}, InputType.JSON),
        (None, InputType.JSON),
        ("string", InputType.JSON),
    ],
)
def test_every_form_of_schema_becomes_a_field(schema: Any, kind: InputType) -> None:
    assert read_input(schema).type is kind


def test_limits_and_words_are_kept() -> None:
    found = read_input(
        {
            "anyOf": [{"type": "number", "minimum": 0, "maximum": 2.5, "multipleOf": 0.05}, {"type": "null"}],
            "title": "Weight",
            "description": "How\n much.",
            "default": 1.5,
        }
    )

    assert (found.minimum, found.maximum, found.step, found.default) == (0, 2.5, 0.05, 1.5)
    assert (found.title, found.description) == ("Weight", "How much.")


@pytest.mark.parametrize(
    ("schema", "default"),
    [
        ({"type": "integer", "default": 5}, 5),
        ({"type": "integer", "default": "5"}, None),
        ({"type": "integer", "default": 5.5}, None),
        ({"type": "integer", "default": True}, None),
        ({"type": "number", "default": float("nan")}, None),
        ({"type": "boolean", "default": False}, False),
        ({"type": "string", "default": "half \ud800"}, None),
        ({"type": "string", "default": "x" * 3000}, None),
        ({"enum": [5, 10], "default": 10}, 10),
        ({"enum": [0, 1], "default": False}, None),
        ({"enum": ["a"], "default": "b"}, None),
        ({"type": "array", "default": [{"path": "x"}]}, [{"path": "x"}]),
        ({"type": "array", "default": [float("nan")]}, None),
        ({"enum": [float("inf"), "a"], "default": float("inf")}, None),
    ],
)
def test_a_default_that_its_own_field_could_not_hold_is_none(schema: Any, default: Any) -> None:
    assert read_input(schema).default == default


@pytest.mark.parametrize(
    ("name", "schema", "pictures"),
    [
        ("images", {"type": "array", "items": {"type": "string"}, "maxItems": 3}, 3),
        ("images", {"type": "array"}, USUAL_PICTURES),
        ("images", {"type": "array", "items": {"type": "object"}}, 0),
        ("images", {"type": "string"}, 0),
        ("image", {"type": "string"}, 1),
        ("image", {"type": "object"}, 0),
        ("video", {"type": "string"}, 0),
    ],
)
def test_pictures_are_told_by_name_and_form(name: str, schema: Any, pictures: int) -> None:
    assert read_input(schema, name).pictures == pictures


def test_fields_stand_in_the_schemas_own_order() -> None:
    schema = {"properties": {"c": {}, "b": {}, "a": {}, "z": {}}, "x-order-properties": ["a", "gone", "b", 7, "a", "c"]}

    assert [each.name for each in read_inputs(schema)] == ["a", "b", "c", "z"]


def test_without_an_order_the_required_stand_first() -> None:
    schema = {"properties": {"a": {}, "b": {}, "c": {}}, "required": ["c", {}]}

    assert [(each.name, each.required) for each in read_inputs(schema)] == [("c", True), ("a", False), ("b", False)]


def test_a_flood_is_bounded() -> None:
    schema: dict[str, Any] = {"properties": {f"p{number}": {} for number in range(MAX_INPUTS + 50)}}
    many = [SANE | {"model_id": f"vendor/m{number}"} for number in range(MAX_MODELS + 50)]

    assert len(read_inputs(schema)) == MAX_INPUTS
    assert len(read_models(many)) == MAX_MODELS
    [long] = read_models([SANE | {"description": "x" * 9000, "formula": "x" * (FORMULA_CHARACTERS + 1)}])
    assert len(long.description) < 3000
    assert long.formula is None


def test_of_several_schemas_that_of_a_run_counts() -> None:
    schemas = [
        {"type": "other", "request_schema": {"properties": {"wrong": {}}}},
        {"type": "model_run", "request_schema": {"properties": {"right": {}}}},
    ]
    [found] = read_models([SANE | {"api_schema": {"api_schemas": schemas}}])
    [other] = read_models([SANE | {"api_schema": {"api_schemas": schemas[:1]}}])

    assert [each.name for each in found.inputs] == ["right"]
    assert [each.name for each in other.inputs] == ["wrong"]


def test_the_simulators_whole_list_is_read() -> None:
    told = [model.as_json(place) for place, model in enumerate(load_models().values())]

    found = read_models(json.loads(json.dumps(told)))

    assert [each.model for each in found] == list(load_models())
    for each in found:
        model = load_models()[each.model]
        assert [one.name for one in each.inputs] == list(model.inputs)
        assert each.base_price == model.base_price
        assert each.formula == model.as_json(0)["formula"]


@given(before=st.lists(ENTRY | JSON, max_size=3), after=st.lists(ENTRY | JSON, max_size=3))
def test_whatever_stands_beside_it_a_sane_entry_is_read(before: list[Any], after: list[Any]) -> None:
    found = {each.model: each for each in read_models([*before, SANE, *after])}

    sane = found["vendor/sane"]
    assert (sane.name, sane.type, sane.base_price, sane.sort_order) == ("Sane", "text-to-image", Decimal("0.03"), 4)
    assert [each.name for each in sane.inputs] == ["size"]
    json.dumps([each.name for each in found.values()], ensure_ascii=False).encode()


@given(
    odd=st.dictionaries(st.text(max_size=12), SCHEMA, max_size=5),
    told=st.fixed_dictionaries(
        {},
        optional={
            "required": JSON,
            "x-order-properties": JSON,
        },
    ),
)
def test_whatever_stands_beside_it_a_sane_input_is_read(odd: dict[str, Any], told: dict[str, Any]) -> None:
    sane = {"type": "integer", "enum": [5, 10], "default": 5, "description": "Seconds."}

    found = {each.name: each for each in read_inputs(told | {"properties": odd | {"duration": sane}})}

    assert found["duration"].choices == (5, 10)
    assert (found["duration"].default, found["duration"].description) == (5, "Seconds.")
    for each in found.values():
        json.dumps([each.title, each.default, each.choices, each.step], ensure_ascii=False, allow_nan=False).encode()


@pytest.mark.parametrize("listed", [None, {}, "models", 7, [None, 7, "x", [], {}], [{"model_id": ""}]])
def test_what_is_no_list_of_models_is_empty(listed: Any) -> None:
    assert read_models(listed) == ()


OBJECTS = {"type": "array", "items": {"type": "object", "properties": {"path": {"type": "string"}}}}
TEXTS = {"type": "array", "items": {"type": "string"}}


@pytest.mark.parametrize(
    ("name", "schema", "control", "media"),
    [
        (
            "video",
            {"type": "string", "x-ui-component": "uploader", "x-accept": "video/*,.mkv"},
            "media",
            ("video", ".mkv"),
        ),
        ("data", {"type": "string", "x-ui-component": "uploader"}, "media", ()),
        ("last_image", {"type": "string"}, "media", ("image",)),
        ("image_urls", TEXTS, "mediaList", ("image",)),
        ("sounds", TEXTS | {"x-ui-component": "uploaders", "x-accept": "audio/*"}, "mediaList", ("audio",)),
        ("imagery", TEXTS, "texts", ()),
        ("styles", {"type": "array", "items": {"enum": ["a", "b"]}}, "choices", ()),
        ("high_noise_loras", {"type": "array", "items": {"type": "object"}}, "loras", ()),
        ("shots", OBJECTS, "objects", ()),
        ("layers", {"type": "array", "items": {"type": "object"}}, "json", ()),
        ("strength", {"type": "number", "minimum": 0, "maximum": 1, "x-ui-component": "slider"}, "slider", ()),
        ("strength", {"type": "number", "minimum": 0, "x-ui-component": "slider"}, "number", ()),
        ("negative_prompt", {"type": "string"}, "paragraph", ()),
        ("size", {"type": "string"}, "size", ()),
        ("seed", {"type": "integer"}, "seed", ()),
        ("loud", {"type": "boolean"}, "switch", ()),
    ],
)
def test_what_a_form_offers_follows_the_schemas_own_words(
    name: str, schema: dict[str, Any], control: str, media: tuple[str, ...]
) -> None:
    found = read_input(schema, name)

    assert (found.control, found.media) == (Control(control), media)


def test_lists_of_objects_suggestions_and_what_is_hidden_are_read() -> None:
    shots, voice, trace = read_inputs(
        {
            "properties": {
                "shots": OBJECTS | {"minItems": 1, "maxItems": 4},
                "voice": {"type": "string", "x-enum": ["Calm", 7], "x-placeholder": "A voice"},
                "trace": {"type": "string", "x-hidden": True},
            },
            "required": ["shots", "trace"],
            "x-order-properties": ["shots", "voice", "trace"],
        }
    )

    assert ([part.name for part in shots.parts], shots.min_items, shots.max_items) == (["path"], 1, 4)
    assert (voice.suggestions, voice.placeholder) == (("Calm",), "A voice")
    assert (trace.hidden, trace.required) == (True, False)
