"""Pages for browsers: the workspace, the documentation, and one for each error code; all self-hosted."""

from __future__ import annotations

from functools import cache
from html import escape
from http import HTTPStatus
from importlib.resources import files
from string import Template
from typing import Final

from fastapi import APIRouter, Request
from fastapi.responses import Response

from api.dependencies import SettingsDep
from api.http.errors import Refused
from api.http.problem_kinds import PROBLEM_KINDS, ProblemKind
from api.web.files import AN_HOUR, CHECKED, FOR_EVER, HTML, WebFile, read_file, workspace
from api.web.vocabulary import vocabulary

router = APIRouter(include_in_schema=False)

_OURS: Final = frozenset({"page.css", "docs.js", "icon.svg"})
_SWAGGER: Final = frozenset({"swagger-ui-bundle.js", "swagger-ui.css"})


@router.get("/")
async def show_page(settings: SettingsDep, request: Request) -> Response:
    """Serve the workspace."""
    return workspace_page(settings.temporal_ui_url, settings.root_path).answer(request)


@router.get("/web/workspace-{version}/{name:path}")
async def get_workspace_file(version: str, name: str, request: Request) -> Response:
    """Serve a module or style sheet of the workspace.

    A browser caches a file indefinitely under its version's URL. Under another version's URL, which a page served by
    an older or newer copy of the API requests, it revalidates each time.
    """
    found = workspace()
    # A lookup in a fixed set: no part of the path ever reaches the file system.
    if name not in found.files:
        raise Refused("not_found")
    return found.files[name].answer(request, FOR_EVER if version == found.version else CHECKED)


@router.get("/web/{name}")
async def get_web_file(name: str, request: Request) -> Response:
    """Serve a file of our own pages."""
    if name not in _OURS:
        raise Refused("not_found")
    return read_file("api", f"web/{name}").answer(request, AN_HOUR)


@router.get("/docs")
async def show_documentation(settings: SettingsDep, request: Request) -> Response:
    """Serve the interactive documentation."""
    return _page("docs.html", root=settings.root_path).answer(request)


@router.get("/docs/assets/{name}")
async def get_documentation_file(name: str, request: Request) -> Response:
    """Serve a file of Swagger UI, from its package."""
    if name not in _SWAGGER:
        raise Refused("not_found")
    return read_file("fastapi_swagger.resources", name).answer(request, AN_HOUR)


@router.get("/docs/errors")
async def list_error_codes(settings: SettingsDep, request: Request) -> Response:
    """Serve the list of error codes."""
    return _errors_page(settings.root_path, "Error codes", *PROBLEM_KINDS).answer(request)


@router.get("/docs/errors/{code}")
async def show_error_code(code: str, settings: SettingsDep, request: Request) -> Response:
    """Serve an error code's explanation: the `type` of problem documents points here."""
    if code not in PROBLEM_KINDS:
        raise Refused("not_found", "There is no such error code.")
    return _errors_page(settings.root_path, f"Error {code}", code).answer(request)


@cache
def workspace_page(temporal_ui_url: str | None, root: str) -> WebFile:
    """Return the workspace page of an installation that is published under the prefix `root`."""
    words = vocabulary()
    limits = words.limits
    return _page(
        "index.html",
        root=root,
        temporal_link=_temporal_link(temporal_ui_url),
        styles=_links(root, "stylesheet", workspace().styles),
        # Otherwise the browser would discover the modules one after another.
        modules=_links(root, "modulepreload", workspace().first_modules),
        main=f"{root}{workspace().address(workspace().main)}",
        # Inside a script element, where no text may look like its end tag.
        vocabulary=words.model_dump_json().replace("<", r"\u003c"),
        prompt_characters=str(limits.prompt_characters),
        instructions_characters=str(limits.instructions_characters),
        search_characters=str(limits.search_characters),
        references=str(limits.references),
        priority_minimum=str(limits.priority.minimum),
        priority_maximum=str(limits.priority.maximum),
        deadline_minimum=str(limits.deadline_seconds.minimum),
        deadline_maximum=str(limits.deadline_seconds.maximum),
        deadline_usual=str(limits.deadline_seconds.usual),
        upload_types=",".join(words.upload_types),
    )


@cache
def _page(name: str, **values: str) -> WebFile:
    text = files("api").joinpath("web", name).read_text(encoding="utf-8")
    return WebFile(Template(text).substitute(values).encode(), HTML)


def _temporal_link(address: str | None) -> str:
    """Return a link to the Temporal Web UI, if its URL is configured."""
    if address is None:
        return ""
    return f'<a href="{escape(address)}" target="_blank" rel="noreferrer">Temporal Web UI</a>'


def _links(root: str, relation: str, names: list[str]) -> str:
    return "".join(f'\t<link rel="{relation}" href="{root}{workspace().address(name)}">\n' for name in names)


@cache
def _errors_page(root: str, title: str, *codes: str) -> WebFile:
    entries = "\n".join(_entry(root, code, PROBLEM_KINDS[code]) for code in codes)
    return _page("errors.html", root=root, title=escape(title), entries=entries)


def _entry(root: str, code: str, kind: ProblemKind) -> str:
    status = HTTPStatus(kind.status)
    return (
        f'<section class="card"><h2><a href="{root}/docs/errors/{code}"><code>{code}</code></a></h2>'
        f"<p><strong>{escape(kind.title)}.</strong> {escape(kind.advice)}</p>"
        f'<p class="quiet">HTTP {status.value} {escape(status.phrase)}</p></section>'
    )
