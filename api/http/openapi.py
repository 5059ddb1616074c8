"""The OpenAPI document: FastAPI's own, with every failure described as the problem document that it is."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api.http.errors import MEDIA_TYPE, Problem

TAGS = [
    {"name": "jobs", "description": "Pictures and videos on their way."},
    {"name": "uploads", "description": "Pictures that are on no public address yet."},
    {"name": "models", "description": "What can be made, with which inputs, and what it would cost."},
    {"name": "prompt queue", "description": "Prompts that Grok writes."},
    {"name": "webhooks", "description": "For providers: signed, and never needed by callers."},
    {"name": "operations", "description": "For operators and cron jobs."},
    {"name": "health", "description": "For probes and Prometheus."},
]


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the application, made once."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes, tags=TAGS
        )
        _describe_problems(app.openapi_schema)
    return app.openapi_schema


def _describe_problems(schema: dict[str, Any]) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    components = schema["components"]["schemas"]
    components.setdefault("Problem", Problem.model_json_schema(ref_template="#/components/schemas/{model}"))
    for operation in (found for path in schema["paths"].values() for found in path.values()):
        for answer in operation["responses"].values():
            if answer.get("content", {}).get("application/json", {}).get("schema") == problem:
                answer["content"] = {MEDIA_TYPE: {"schema": problem}}
        # FastAPI adds its own 422 wherever there is a parameter; ours never look like it.
        fastapis = operation["responses"].get("422", {}).get("content", {})
        if "application/json" in fastapis:
            del operation["responses"]["422"]
        operation["responses"].setdefault(
            "default", {"description": "A problem document", "content": {MEDIA_TYPE: {"schema": problem}}}
        )
    # Optional: asked for where PROMPTMILL_API_TOKEN is set.
    schema["components"]["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    schema["security"] = [{}, {"token": []}]
    for leftover in ("HTTPValidationError", "ValidationError"):
        components.pop(leftover, None)
