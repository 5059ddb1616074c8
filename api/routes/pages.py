"""Pages for browsers: the workspace, the documentation, and one for each error code; all self-hosted."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from html import escape
from http import HTTPStatus
from importlib.resources import files
from string import Template
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, Response

from api.dependencies import SettingsDep
from api.http.errors import Refused
from api.http.problem_kinds import PROBLEM_KINDS, ProblemKind

router = APIRouter(include_in_schema=False)

_MEDIA_TYPES: Final = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "png": "image/png"}
_OURS: Final = frozenset({"page.css", "docs.js", "icon.svg"})
_STYLES: Final = ("tokens.css", "layout.css", "parts.css", "jobs.css")
_WORKSPACE: Final = files("api").joinpath("web", "workspace")
_SWAGGER: Final = frozenset({"swagger-ui-bundle.js", "swagger-ui.css"})
_LONG: Final = {"Cache-Control": "public, max-age=3600"}
_CHECKED: Final = {"Cache-Control": "no-cache"}
_FOR_EVER: Final = {"Cache-Control": "public, max-age=31536000, immutable"}


@router.get("/")
async def show_page(settings: SettingsDep) -> HTMLResponse:
    """Serve the workspace."""
    page = Template(_text("index.html"))
    return HTMLResponse(
        page.substitute(
            temporal_link=_temporal_link(settings.temporal_ui_url),
            styles=_styles(),
            modules=_preloads(),
            main=_workspace_address("main.js"),
        )
    )


@router.get("/web/workspace-{version}/{name}")
async def get_workspace_file(version: str, name: str, request: Request) -> Response:
    """Serve a module or style sheet of the workspace; 304 if the browser has it.

    A browser caches a file indefinitely under its version's URL. Under another version's URL, as a page
    asks that an older or newer copy of the API has given, it asks each time.
    """
    if name not in _workspace_files():
        raise Refused("not_found")
    tag = _workspace_files()[name]
    headers = {**(_FOR_EVER if version == _workspace_version() else _CHECKED), "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    suffix = name.rsplit(".", 1)[1]
    return Response(_bytes("api", f"web/workspace/{name}"), media_type=_MEDIA_TYPES[suffix], headers=headers)


@router.get("/web/{name}")
async def get_web_file(name: str) -> Response:
    """Serve a file of our own pages."""
    if name not in _OURS:
        raise Refused("not_found")
    return _file("api", f"web/{name}")


@router.get("/docs")
async def show_documentation() -> HTMLResponse:
    """Serve the interactive documentation."""
    return HTMLResponse(_text("docs.html"))


@router.get("/docs/assets/{name}")
async def get_documentation_file(name: str) -> Response:
    """Serve a file of Swagger UI, from its package."""
    if name not in _SWAGGER:
        raise Refused("not_found")
    return _file("fastapi_swagger.resources", name)


@router.get("/docs/errors")
async def list_error_codes() -> HTMLResponse:
    """Serve the list of error codes."""
    return HTMLResponse(_errors_page("Error codes", PROBLEM_KINDS))


@router.get("/docs/errors/{code}")
async def show_error_code(code: str) -> HTMLResponse:
    """Serve an error code's explanation: the `type` of problem documents points here."""
    if code not in PROBLEM_KINDS:
        raise Refused("not_found", "There is no such error code.")
    return HTMLResponse(_errors_page(f"Error {code}", {code: PROBLEM_KINDS[code]}))


def _temporal_link(address: str | None) -> str:
    """Return a link to the Temporal Web UI, where somebody has said where that is."""
    if address is None:
        return ""
    return f'<a href="{escape(address)}" target="_blank" rel="noreferrer">Temporal Web UI</a>'


@cache
def _styles() -> str:
    """Return links to the style sheets, in cascade order."""
    return "".join(f'<link rel="stylesheet" href="{_workspace_address(name)}">\n' for name in _STYLES)


@cache
def _preloads() -> str:
    """Return links that preload all modules; the browser would otherwise discover them one after another."""
    modules = sorted(name for name in _workspace_files() if name.endswith(".js"))
    return "".join(f'<link rel="modulepreload" href="{_workspace_address(name)}">\n' for name in modules)


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
def _workspace_files() -> dict[str, str]:
    """Return the workspace's files with their entity tags; no other path is served."""
    found = (entry for entry in _WORKSPACE.iterdir() if entry.name.endswith((".css", ".js")))
    return {entry.name: f'"{sha256(entry.read_bytes()).hexdigest()[:32]}"' for entry in found}


@cache
def _workspace_version() -> str:
    """Return a hash over all files of the workspace: modules of two versions must never mix."""
    together = "".join(f"{name}{tag}" for name, tag in sorted(_workspace_files().items()))
    return sha256(together.encode()).hexdigest()[:12]


def _workspace_address(name: str) -> str:
    return f"/web/workspace-{_workspace_version()}/{name}"


@cache
def _bytes(package: str, name: str) -> bytes:
    return files(package).joinpath(name).read_bytes()


@cache
def _text(name: str) -> str:
    return files("api").joinpath("web", name).read_text(encoding="utf-8")
