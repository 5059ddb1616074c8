"""A template filled with rows: words, reserved columns, and texts as what the model's schema says."""

from __future__ import annotations

from typing import Any

import pytest

from promptmill.batches.filling import fill
from promptmill.batches.rows import KEY_CHARACTERS, Fault, FilledRow
from promptmill.batches.sources import of_rows
from promptmill.batches.values import WrongValue, value_of
from promptmill.contracts.catalogue import Control, InputType, ModelInput
from promptmill.contracts.placeholders import MOST_FILLED

STEPS = ModelInput("steps", InputType.INTEGER, minimum=1, maximum=50)
INPUTS: dict[str, ModelInput | None] = {"steps": STEPS, "style": ModelInput("style", InputType.TEXT), "extra": None}
TEMPLATE: dict[str, Any] = {
    "model": "vendor/model",
    "prompt": "a {{colour}} fox",
    "input": {"guidance": 3, "style": "oil on {{ground}}"},
    "metadata": {"client": "A", "year": "2026"},
}


def filled(row: dict[str, Any], template: dict[str, Any] | None = None) -> FilledRow | Fault:
    [found] = fill(template or TEMPLATE, of_rows([row]), INPUTS)
    return found


def body(row: dict[str, Any], template: dict[str, Any] | None = None) -> dict[str, Any]:
    found = filled(row, template)
    assert isinstance(found, FilledRow), found
    return found.body


def test_a_row_fills_words_and_sets_fields() -> None:
    row = {
        "colour": "red",
        "ground": "wood",
        "steps": "20",
        "meta.client": "B",
        "image": "https://a.example/1.png",
        "images": "https://a.example/2.png | https://a.example/3.png",
        "instructions": "",
        "key": " fox-1 ",
    }

    found = filled(row)

    assert isinstance(found, FilledRow)
    assert (found.number, found.key) == (1, "fox-1")
    assert "instructions" not in found.values
    assert found.body == {
        "model": "vendor/model",
        "prompt": "a red fox",
        "input": {"guidance": 3, "style": "oil on wood", "steps": 20},
        "metadata": {"client": "B", "year": "2026"},
        "targetUrl": "https://a.example/1.png",
        "refUrls": ["https://a.example/2.png", "https://a.example/3.png"],
    }
    assert TEMPLATE["metadata"] == {"client": "A", "year": "2026"}, "the template stays as it is"


def test_the_cell_is_the_prompt_unless_it_stands_within_the_templates() -> None:
    plain = {"model": "m", "prompt": "a fox"}
    within = {"model": "m", "prompt": "{{prompt}}, oil on wood"}

    assert body({"prompt": "a {{colour}} owl", "colour": "red"}, plain)["prompt"] == "a red owl"
    assert body({"prompt": "an owl {{colour}}"}, within)["prompt"] == "an owl {{colour}}, oil on wood"
    assert body({"prompt": " ", "steps": 3}, plain)["prompt"] == "a fox"


def test_what_is_filled_in_is_text() -> None:
    assert body({"colour": 5, "ground": True, "steps": 3})["prompt"] == "a 5 fox"
    assert body({"colour": "{{ground}}", "ground": "wood"})["prompt"] == "a {{ground}} fox", "not searched again"


@pytest.mark.parametrize(
    ("row", "column", "words", "suggestion"),
    [
        ({"ground": "wood"}, "colour", "no value for {{colour}}", None),
        ({"color": "red", "ground": "wood"}, "colour", "no value for {{colour}}", "color"),
        ({"colour": ["red"], "ground": "wood"}, "colour", "Must be a text or a number", None),
        ({"colour": "red", "ground": "wood", "stepz": "3"}, "stepz", "no text has {{stepz}}", "steps"),
        ({"colour": "red", "ground": "wood", "steps": "3.5"}, "steps", "Must be a whole number from 1 to 50.", None),
        ({"colour": "red", "ground": "wood", "key": "k" * (KEY_CHARACTERS + 1)}, "key", "at most 100", None),
        ({"colour": "red", "ground": "wood", "key": "a\nb"}, "key", "all of them visible", None),
        ({"colour": "red", "ground": "wood", "key": 1.5}, "key", "Must be a text", None),
    ],
)
def test_what_is_wrong_with_a_row_names_its_column(
    row: dict[str, Any], column: str, words: str, suggestion: str | None
) -> None:
    faults = [*fill(TEMPLATE, of_rows([row]), INPUTS)]

    fault = faults[0]
    assert isinstance(fault, Fault)
    assert (fault.line, fault.column, fault.suggestion) == (1, column, suggestion)
    assert words in fault.message
    assert all(isinstance(one, Fault) for one in faults), "a row with a fault is no row"


def test_a_key_occurs_once_and_a_number_is_one_too() -> None:
    template = {"model": "m", "prompt": "a fox"}
    rows = [{"key": "a"}, {"key": 3}, {"steps": 1}, {"key": "a"}, {"key": "b"}]

    found = [*fill(template, of_rows(rows), INPUTS)]

    assert [one.key if isinstance(one, FilledRow) else one.message for one in found] == [
        "a",
        "3",
        "The row has no key, so that its number is its key; row 2 has that already.",
        "Row 1 has this key already.",
        "b",
    ]


def test_only_the_first_unknown_columns_get_a_suggestion() -> None:
    template = {"model": "m", "prompt": "a fox"}
    rows = [{f"steps{n}": 1} for n in range(8)]

    found = [one for one in fill(template, of_rows(rows), INPUTS) if isinstance(one, Fault)]

    assert [one.suggestion for one in found] == ["steps"] * 5 + [None] * 3


def test_without_a_schema_any_column_is_an_input_and_json_is_read() -> None:
    template = {"model": "m", "prompt": "a {{colour}} fox"}
    row = {"colour": "red", "steps": "20", "size": "1024*1024", "fast": "true", "loras": '[{"path": "x"}]', "id": "007"}

    [found] = fill(template, of_rows([row]), None)

    assert isinstance(found, FilledRow)
    assert found.body["input"] == {
        "steps": 20,
        "size": "1024*1024",
        "fast": True,
        "loras": [{"path": "x"}],
        "id": "007",
    }


def test_a_short_template_cannot_become_endless() -> None:
    template = {"model": "m", "prompt": "{{a}}" * 1_000}

    found = filled({"a": "x" * 20_000}, template)

    assert isinstance(found, Fault)
    assert f"{MOST_FILLED:,} characters" in found.message


NUMBER = ModelInput("guidance", InputType.NUMBER, minimum=0)
FLAG = ModelInput("fast", InputType.BOOLEAN)
CHOICE = ModelInput("seconds", InputType.CHOICE, choices=(5, 10, "auto", True))
TEXTS = ModelInput("words", InputType.JSON, control=Control.TEXTS)
LORAS = ModelInput("loras", InputType.JSON, control=Control.LORAS)
OBJECT = ModelInput("palette", InputType.JSON, control=Control.JSON)


@pytest.mark.parametrize(
    ("text", "told", "value"),
    [
        (" 20 ", STEPS, 20),
        ("20.0", STEPS, 20),
        ("-1", STEPS, -1),
        ("3.5", NUMBER, 3.5),
        ("1e3", NUMBER, 1000.0),
        ("TRUE", FLAG, True),
        ("false", FLAG, False),
        ("5", CHOICE, 5),
        ("auto ", CHOICE, "auto"),
        ("true", CHOICE, True),
        ("oil", CHOICE, "oil"),
        ("a | b||", TEXTS, ["a", "b"]),
        ('["a|b"]', TEXTS, ["a|b"]),
        ('[{"path": "x"}]', LORAS, [{"path": "x"}]),
        ('{"a": 1}', OBJECT, {"a": 1}),
        ("red", OBJECT, "red"),
        ("20", ModelInput("style", InputType.TEXT), "20"),
    ],
)
def test_a_text_becomes_what_the_schema_says(text: str, told: ModelInput, value: Any) -> None:
    found = value_of(text, told)

    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "told", "message"),
    [
        ("3.5", STEPS, "Must be a whole number from 1 to 50."),
        ("1_000", STEPS, "Must be a whole number from 1 to 50."),
        ("٣", STEPS, "Must be a whole number from 1 to 50."),
        ("9" * 500, STEPS, "Must be a whole number from 1 to 50."),
        ("3,5", NUMBER, "Must be a number, at least 0, with a point before its decimals."),
        ("nan", NUMBER, "Must be a number, at least 0, with a point before its decimals."),
        ("1e999", NUMBER, "Must be a number, at least 0, with a point before its decimals."),
        ("wahr", FLAG, "Must be true or false."),
        ("[1", TEXTS, "Must be a list in JSON: Expecting ',' delimiter (line 1, column 3)."),
        ("x", LORAS, "Must be a list in JSON: Expecting value (line 1, column 1)."),
        ('{"a": 1, "a": 1}', OBJECT, "Must be a value in JSON: The name 'a' occurs twice in one object."),
        ('["\\u0000"]', LORAS, "Must be a list in JSON that can be stored; a part of it contains a NUL character."),
    ],
)
def test_another_text_is_told_what_would_be_right(text: str, told: ModelInput, message: str) -> None:
    with pytest.raises(WrongValue) as wrong:
        value_of(text, told)

    assert str(wrong.value) == message
