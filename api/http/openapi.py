"""The OpenAPI document: FastAPI's own, with every failure described as a problem document."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from api.access.identities import COOKIE
from api.access.scopes import scopes_needed
from api.http.errors import MEDIA_TYPE, Problem

TAGS = [
    {"name": "jobs", "description": "Image and video generation jobs."},
    {"name": "uploads", "description": "Upload images that have no public URL yet."},
    {"name": "models", "description": "Available models, their inputs, and what a run would cost."},
    {"name": "prompt queue", "description": "Prompts written by Grok."},
    {"name": "access", "description": "Who may call: owners, their API keys, and sessions of browsers."},
    {"name": "webhooks", "description": "Signed deliveries from providers; not for callers."},
    {"name": "operations", "description": "For operators and cron jobs."},
    {"name": "health", "description": "For probes and Prometheus."},
]


def document(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI document of the application, built once."""
    if app.openapi_schema is None:
        app.openapi_schema = get_openapi(
            title=app.title,
            version=app.version,
            description=app.description,
            routes=app.routes,
            tags=TAGS,
            servers=app.servers,
        )
        _describe_problems(app.openapi_schema)
        _describe_scopes(app.openapi_schema, app.routes)
    return app.openapi_schema


def _describe_problems(schema: dict[str, Any]) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    components = schema["components"]["schemas"]
    components.setdefault("Problem", Problem.model_json_schema(ref_template="#/components/schemas/{model}"))
    for operation in (found for path in schema["paths"].values() for found in path.values()):
        for answer in operation["responses"].values():
            if answer.get("content", {}).get("application/json", {}).get("schema") == problem:
                answer["content"] = {MEDIA_TYPE: {"schema": problem}}
        # FastAPI adds its own 422 wherever there is a parameter; ours has a different format.
        fastapis = operation["responses"].get("422", {}).get("content", {})
        if "application/json" in fastapis:
            del operation["responses"]["422"]
        operation["responses"].setdefault(
            "default", {"description": "A problem document", "content": {MEDIA_TYPE: {"schema": problem}}}
        )
    for leftover in ("HTTPValidationError", "ValidationError"):
        components.pop(leftover, None)


def _describe_scopes(schema: dict[str, Any], routes: Sequence[BaseRoute]) -> None:
    """Say which scope each operation needs; without any key, on loopback, nobody needs one."""
    schema["components"]["securitySchemes"] = {
        "key": {"type": "http", "scheme": "bearer", "description": "An API key, or PROMPTMILL_API_TOKEN."},
        "session": {"type": "apiKey", "in": "cookie", "name": COOKIE, "description": "A browser that signed in."},
    }
    for context in iter_route_contexts(routes):
        route = context.original_route
        if not isinstance(route, APIRoute) or not route.include_in_schema:
            continue
        scopes = scopes_needed(route)
        for method in route.methods or ():
            operation = schema["paths"][route.path_format][method.lower()]
            operation["security"] = [{}, *({scheme: list(scopes)} for scheme in ("key", "session"))] if scopes else []
