"""The OpenAPI document: FastAPI's own, made fit for generated clients.

Operations are named as people would name methods, and every failure is described as a problem document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from pydantic.alias_generators import to_camel
from starlette.routing import BaseRoute

from api.access.identities import COOKIE
from api.access.scopes import scopes_needed
from api.http.errors import MEDIA_TYPE, Problem, problems
from api.http.representations import JSON

TAGS: Final = [
    {"name": "jobs", "description": "Image and video generation jobs."},
    {"name": "batches", "description": "Tables of jobs, planned and run as one."},
    {"name": "templates", "description": "Named recipes with `{{words}}` to fill in."},
    {"name": "outputs", "description": "What jobs made: stored files, archives, and addresses to share."},
    {"name": "tags", "description": "The owner's words on jobs."},
    {"name": "collections", "description": "Named, ordered sets of outputs."},
    {"name": "uploads", "description": "Upload images that have no public URL yet."},
    {"name": "models", "description": "Available models, their inputs, and what a run would cost."},
    {"name": "prompt queue", "description": "Prompts written by Grok."},
    {"name": "pauses", "description": "Stop what waits, and go on."},
    {"name": "money", "description": "Budgets, what was spent, and WaveSpeed's balance."},
    {"name": "statistics", "description": "What was made, by day and by model, and what was liked."},
    {"name": "privacy", "description": "Erase and export what was made."},
    {"name": "access", "description": "Who may call: owners, their API keys, and sessions of browsers."},
    {"name": "webhooks", "description": "Signed deliveries from providers; not for callers."},
    {"name": "operations", "description": "For operators and cron jobs."},
    {"name": "health", "description": "For probes and Prometheus."},
]


_PROBLEM: Final = {"$ref": "#/components/schemas/Problem"}
_WITH_KEY: Final = (
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.FORBIDDEN,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
)
"""What every operation may answer that needs a key: the door refuses before its route is asked."""

_RETRY_AFTER: Final = {
    "Retry-After": {
        "description": "Seconds after which a retry may succeed.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_TELL_WHEN: Final = frozenset({str(int(HTTPStatus.TOO_MANY_REQUESTS)), str(int(HTTPStatus.SERVICE_UNAVAILABLE))})
_UNCHANGED: Final = str(int(HTTPStatus.NOT_MODIFIED))
_IF_NONE_MATCH: Final = {
    "name": "If-None-Match",
    "in": "header",
    "description": "`ETag` of an earlier answer: 304 without a body if nothing has changed since. For polling.",
    "schema": {"type": "string"},
}
_ETAG: Final = {"ETag": {"description": "Names this content; for `If-None-Match`.", "schema": {"type": "string"}}}


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the application, built once."""
    if app.openapi_schema is None:
        schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=TAGS,
            servers=app.servers,
        )
        for route, operation in _operations(schema, app.routes):
            operation["operationId"] = to_camel(route.name)
            scopes = scopes_needed(route)
            _describe_scopes(operation, [str(scope) for scope in scopes])
            _describe_problems(operation, _WITH_KEY if scopes else ())
            _describe_tags(operation)
            _describe_files(operation)
        _describe_components(schema["components"])
        app.openapi_schema = schema
    return app.openapi_schema


def _operations(schema: dict[str, Any], routes: Sequence[BaseRoute]) -> Iterator[tuple[APIRoute, dict[str, Any]]]:
    """Yield every operation with the route that serves it."""
    for context in iter_route_contexts(routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            for method in sorted(route.methods or ()):
                yield route, schema["paths"][route.path_format][method.lower()]


def _describe_scopes(operation: dict[str, Any], scopes: Sequence[str]) -> None:
    """Say which scope an operation needs; without any key, on loopback, nobody needs one."""
    operation["security"] = [{}, *({scheme: [*scopes]} for scheme in ("key", "session"))] if scopes else []


def _describe_problems(operation: dict[str, Any], more: Sequence[HTTPStatus]) -> None:
    """Describe every failure as a problem document; `more` are those that its route does not name itself."""
    answers = operation["responses"]
    # FastAPI adds its own 422 wherever there is a parameter; ours has a different format.
    if JSON in answers.get("422", {}).get("content", {}) and not _is_ours(answers["422"]):
        del answers["422"]
    if _may_be_invalid(operation):
        more = [*more, HTTPStatus.UNPROCESSABLE_ENTITY]
    for status, answer in problems(*more).items():
        answers.setdefault(str(status), {"description": answer["description"], "content": _as_json(_PROBLEM)})
    for status, answer in answers.items():
        if _is_ours(answer):
            answer["content"] = {MEDIA_TYPE: {"schema": _PROBLEM}}
            if status in _TELL_WHEN:
                answer["headers"] = _RETRY_AFTER
    answers.setdefault("default", {"description": "A problem document", "content": {MEDIA_TYPE: {"schema": _PROBLEM}}})
    operation["responses"] = dict(sorted(answers.items()))


def _may_be_invalid(operation: dict[str, Any]) -> bool:
    """Return whether something that a caller sends can be refused, apart from an id, which is then not found."""
    return "requestBody" in operation or any(
        parameter["in"] == "query" for parameter in operation.get("parameters", ())
    )


def _is_ours(answer: dict[str, Any]) -> bool:
    return bool(answer.get("content") == _as_json(_PROBLEM))


def _as_json(schema: dict[str, Any]) -> dict[str, Any]:
    return {JSON: {"schema": schema}}


def _describe_tags(operation: dict[str, Any]) -> None:
    """Say where an answer has an `ETag`, and that it can be sent back."""
    answers = operation["responses"]
    if _UNCHANGED not in answers:
        return
    operation["parameters"] = [*operation.get("parameters", ()), _IF_NONE_MATCH]
    for status in (str(int(HTTPStatus.OK)), _UNCHANGED):
        answers[status]["headers"] = _ETAG


def _describe_files(operation: dict[str, Any]) -> None:
    """Name the media types of files in words: generators of clients know JSON and text, and warn of all else."""
    for status, answer in operation["responses"].items():
        content = answer.get("content", {})
        files = [each for each in content if each not in {JSON, MEDIA_TYPE} and not each.startswith("text/")]
        if not status.startswith("2") or not files:
            continue
        # FastAPI adds JSON of any shape to a route that says only how its file is described.
        others = {each: told for each, told in content.items() if each not in files and told.get("schema")}
        answer["description"] = f"{answer['description']} As {' or '.join(f'`{each}`' for each in files)}."
        answer.pop("content")
        if others:
            answer["content"] = others


def _describe_components(components: dict[str, Any]) -> None:
    schemas = components["schemas"]
    for schema in schemas.values():
        for example in schema.get("examples", ()):
            _restore_nulls(example, schema, schemas)
    schemas.setdefault("Problem", Problem.model_json_schema(ref_template="#/components/schemas/{model}"))
    for leftover in ("HTTPValidationError", "ValidationError"):
        schemas.pop(leftover, None)
    components["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, or PROMPTMILL_API_TOKEN."},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A browser that signed in."},
    }


def _restore_nulls(example: Any, schema: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Put back what FastAPI drops from examples: the nulls, also of fields that are required."""
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    if isinstance(example, list):
        for entry in example:
            _restore_nulls(entry, schema.get("items", {}), schemas)
    elif isinstance(example, dict):
        example |= dict.fromkeys(set(schema.get("required", ())) - example.keys())
        for name, value in example.items():
            _restore_nulls(value, schema.get("properties", {}).get(name, {}), schemas)
