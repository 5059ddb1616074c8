"""The OpenAPI document: its prose, and what generated clients need of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic.alias_generators import to_snake

from api.app import build_routes
from api.http.metrics import RequestMetrics
from api.schemas.events import Event
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


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method} {path}", operation


def test_operations_are_named_as_people_would_name_methods(document: dict[str, Any]) -> None:
    names = [operation["operationId"] for _, operation in operations(document)]

    assert [name for name in names if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", name)] == []
    assert [name for name, times in Counter(names).items() if times > 1] == []
    assert {"createJob", "listJobs", "getJob", "cancelJob", "uploadFile", "enqueuePrompt"} <= {*names}


def test_every_refusal_is_listed_with_its_shape(document: dict[str, Any]) -> None:
    """The door refuses before a route is asked, and what a caller sends can be wrong."""
    missing = []
    reporting = {"get /api/init", "post /api/init"}  # their 503 is a report of what is away
    for name, operation in operations(document):
        answers = operation["responses"]
        wanted = {"401", "403", "429", "503"} if operation["security"] else set()
        if "requestBody" in operation or any(each["in"] == "query" for each in operation.get("parameters", ())):
            wanted.add("422")
        if re.search(r"\{\w+_id\}", name) and "webhooks" not in name:
            wanted.add("404")
        missing += [(name, status) for status in sorted(wanted - answers.keys())]
        for status in wanted & answers.keys():
            shape = answers[status]["content"].get("application/problem+json", {}).get("schema")
            assert shape == {"$ref": "#/components/schemas/Problem"} or name in reporting, (name, status)
        for status in {"429", "503"} & wanted if name not in reporting else ():
            assert "Retry-After" in answers[status]["headers"], (name, status)

    assert missing == []


def test_what_can_be_polled_says_how(document: dict[str, Any]) -> None:
    pollable = [operation for _, operation in operations(document) if "304" in operation["responses"]]

    assert "getJob" in {operation["operationId"] for operation in pollable}
    for operation in pollable:
        assert "If-None-Match" in {parameter["name"] for parameter in operation["parameters"]}
        assert "ETag" in operation["responses"]["200"]["headers"]
    assert "ETag" in document["info"]["description"]


def test_statuses_are_enumerations(document: dict[str, Any]) -> None:
    schemas = document["components"]["schemas"]

    assert schemas["JobAnswer"]["properties"]["status"]["$ref"] == "#/components/schemas/JobStatus"
    assert schemas["PromptJobAnswer"]["properties"]["status"]["$ref"] == "#/components/schemas/PromptJobStatus"
    assert "submit_unknown" in schemas["JobStatus"]["enum"]


def test_a_status_of_a_newer_process_is_passed_on() -> None:
    event = {
        "sequence": 1,
        "at": "2026-01-31T12:00:00Z",
        "status": "newer",
        "reason_code": None,
        "text": "",
        "detail": {},
    }

    assert Event.model_validate(event).status == "newer"


def test_examples_are_valid(document: dict[str, Any]) -> None:
    """Each is held against its own schema, as whoever copies it would have it judged."""
    found = list(examples(document, document))

    assert len(found) > 10
    for example, schema in found:
        whole = {**schema, "components": document["components"]}
        assert [error.message for error in Draft202012Validator(whole).iter_errors(example)] == [], example


def examples(part: Any, document: dict[str, Any]) -> Iterator[tuple[Any, dict[str, Any]]]:
    if isinstance(part, list):
        for each in part:
            yield from examples(each, document)
    elif isinstance(part, dict):
        if isinstance(part.get("examples"), list):
            yield from ((example, part) for example in part["examples"])
        for name, each in part.items():
            if name != "examples":
                yield from examples(each, document)


@pytest.mark.parametrize(
    ("settings", "addresses"),
    [
        ({}, ["/"]),
        ({"PROMPTMILL_ROOT_PATH": "/mill"}, ["/mill"]),
        ({"PROMPTMILL_PUBLIC_URL": "https://mill.example.com"}, ["/", "https://mill.example.com"]),
    ],
)
def test_servers_say_where_the_api_is(settings: dict[str, str], addresses: list[str]) -> None:
    told = build_routes(load_settings({"PROMPTMILL_ENV_FILE": "", **settings}), RequestMetrics.create()).openapi()

    assert [server["url"] for server in told["servers"]] == addresses


def test_files_are_named_in_words(document: dict[str, Any]) -> None:
    """Generators warn of media types that they do not know."""
    known = {"application/json", "application/problem+json", "text/csv", "text/event-stream"}
    answers = [answer for _, operation in operations(document) for answer in operation["responses"].values()]

    assert {kind for answer in answers for kind in answer.get("content", {})} <= known
    assert any("`application/zip`" in answer["description"] for answer in answers)


def test_every_tag_is_explained(document: dict[str, Any]) -> None:
    used = {tag for _, operation in operations(document) for tag in operation["tags"]}

    assert used <= {tag["name"] for tag in document["tags"]}
