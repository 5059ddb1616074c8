"""What a body may be, before its fields are checked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from api.http.errors import Refused
from api.http.strict_json import canonical, parse
from api.schemas.bases import StrictRequestModel
from api.schemas.collections import ChangeCollection
from api.schemas.jobs import CreateJob
from api.schemas.tags import TagJobs
from api.schemas.templates import ImportTemplates
from promptmill.strict_json import MAX_DEPTH, MAX_PARTS

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        (b"", None),
        (b"{", None),
        (b'{"a": NaN}', None),
        (b'{"a": -Infinity}', None),
        (b'{"a": 1e999}', None),
        (b'{"a": ' + b"9" * 500 + b"}", None),
        (b'{"a": 1, "a": 2}', None),
        (b'\xff{"a": 1}', None),
        (b'\xef\xbb\xbf{"a": 1}', None),
        (b"[" * 100_000, None),
        (b'{"a": "\\u0000"}', "/a"),
        (b'{"a": {"b/c": ["x", "\\ud800"]}}', "/a/b~1c/1"),
        (b'{"a": {"\\u0000": 1}}', "/a"),
    ],
)
def test_json_that_cannot_be_stored_is_refused(body: bytes, pointer: str | None) -> None:
    with pytest.raises(Refused) as refusal:
        parse(body)

    assert refusal.value.code == "invalid_json"
    assert [error.pointer for error in refusal.value.errors] == ([pointer] if pointer else [])


def test_nesting_has_a_limit() -> None:
    def nested(levels: int) -> bytes:
        return b'{"a":' * levels + b"1" + b"}" * levels

    assert parse(nested(MAX_DEPTH))
    with pytest.raises(Refused, match="deeper"):
        parse(nested(MAX_DEPTH + 1))


def test_a_body_has_few_parts_and_any_number_of_values() -> None:
    assert parse(b"[" + b"1," * 500_000 + b'"a"]')
    with pytest.raises(Refused, match=f"more than {MAX_PARTS:,}"):
        parse(b"[" + b"{}," * MAX_PARTS + b"{}]")


@pytest.mark.parametrize(
    ("model", "body", "field"),
    [
        (ImportTemplates, {"format": "promptmill-templates", "version": 1}, "templates"),
        (TagJobs, {"add": ["sea"]}, "jobIds"),
        (ChangeCollection, {}, "add"),
        (CreateJob, {"model": "vendor/name", "prompt": "a fox"}, "refUrls"),
    ],
)
def test_a_list_is_too_long_before_its_entries_are_wrong(
    model: type[StrictRequestModel], body: dict[str, Any], field: str
) -> None:
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(body | {field: [None] * 2_000})

    assert [(error["loc"], "at most" in error["msg"]) for error in refusal.value.errors()] == [((field,), True)]


@given(JSON)
def test_canonical_text_means_the_same_and_is_one(value: Any) -> None:
    text = canonical(value)

    assert json.loads(text) == value
    assert canonical(json.loads(json.dumps(value, indent=3))) == text


def test_order_and_spacing_do_not_change_the_canonical_text() -> None:
    assert canonical(parse(b'{ "b": [1, 2],\n "a": "\\u00e9" }')) == canonical(parse('{"a":"é","b":[1,2]}'.encode()))
