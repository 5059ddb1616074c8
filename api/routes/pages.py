"""What a browser opens: the page, the documentation, and a page for each error code. Nothing comes from elsewhere."""

from __future__ import annotations

from functools import cache
from html import escape
from http import HTTPStatus
from importlib.resources import files
from string import Template
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.dependencies import SettingsDep
from api.errors import Refused
from api.problem_kinds import PROBLEM_KINDS, ProblemKind

router = APIRouter(include_in_schema=False)

_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}
_OURS: Final = frozenset({"page.css", "docs.js", "icon.svg"})
_SWAGGER: Final = frozenset({"swagger-ui-bundle.js", "swagger-ui.css"})
_LONG: Final = {"Cache-Control": "public, max-age=3600"}


@router.get("/")
async def show_page(request: Request, settings: SettingsDep) -> HTMLResponse:
    """Show what this is and where to go."""
    page = Template(_text("index.html"))
    here = str(request.base_url).rstrip("/")
    return HTMLResponse(page.substitute(temporal_ui=escape(settings.temporal_ui_url), here=escape(here)))


@router.get("/web/{name}")
async def get_web_file(name: str) -> Response:
    """Give a file of our own pages."""
    if name not in _OURS:
        raise Refused("not_found")
    return _file("api", f"web/{name}")


@router.get("/docs")
async def show_documentation() -> HTMLResponse:
    """Show the interactive documentation."""
    return HTMLResponse(_text("docs.html"))


@router.get("/docs/assets/{name}")
async def get_documentation_file(name: str) -> Response:
    """Give a file of Swagger UI, from its package."""
    if name not in _SWAGGER:
        raise Refused("not_found")
    return _file("fastapi_swagger.resources", name)


@router.get("/docs/errors")
async def list_error_codes() -> HTMLResponse:
    """Show every error code."""
    return HTMLResponse(_errors_page("Error codes", PROBLEM_KINDS))


@router.get("/docs/errors/{code}")
async def show_error_code(code: str) -> HTMLResponse:
    """Show what an error code means: the `type` of problem documents leads here."""
    if code not in PROBLEM_KINDS:
        raise Refused("not_found", "There is no such error code.")
    return HTMLResponse(_errors_page(f"Error {code}", {code: PROBLEM_KINDS[code]}))


def _errors_page(title: str, kinds: dict[str, ProblemKind]) -> str:
    entries = "\n".join(_entry(code, kind) for code, kind in kinds.items())
    return Template(_text("errors.html")).substitute(title=escape(title), entries=entries)


def _entry(code: str, kind: ProblemKind) -> str:
    status = HTTPStatus(kind.status)
    return (
        f'<section class="card"><h2><a href="/docs/errors/{code}"><code>{code}</code></a></h2>'
        f"<p><strong>{escape(kind.title)}.</strong> {escape(kind.advice)}</p>"
        f'<p class="quiet">HTTP {status.value} {escape(status.phrase)}</p></section>'
    )


def _file(package: str, name: str) -> Response:
    return Response(_bytes(package, name), media_type=_MEDIA_TYPES[name.rsplit(".", 1)[1]], headers=_LONG)


@cache
def _bytes(package: str, name: str) -> bytes:
    return files(package).joinpath(name).read_bytes()


@cache
def _text(name: str) -> str:
    return files("api").joinpath("web", name).read_text(encoding="utf-8")
