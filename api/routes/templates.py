"""Templates: named recipes with words to fill in. None of these routes makes a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any, Final
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import ValidationError

from api.access.scopes import needs
from api.dependencies import IdInPath, OwnerDep, StoreDep
from api.http.bodies import IMPORT
from api.http.cursors import cursor_after, cut, read_cursor
from api.http.errors import MAX_ERRORS, WITH_BODY, FieldError, Refused, invalid, pointer_to, problems, short_name
from api.http.representations import CONDITIONAL, json_answer
from api.http.strict_json import StrictRoute
from api.schemas.fields import WrittenFlag
from api.schemas.jobs import CreateJob
from api.schemas.templates import (
    ChangeTemplate,
    ExportedTemplate,
    FillTemplate,
    FullTemplate,
    ImportedTemplates,
    ImportTemplates,
    ListTemplates,
    NewTemplate,
    TemplateAnswer,
    TemplateExport,
    TemplateList,
    template_words,
    wire_body,
    worded,
)
from promptmill.contracts.access import Scope
from promptmill.contracts.errors import RecordConflict
from promptmill.contracts.placeholders import MOST_FILLED, filled, length_filled, missing
from promptmill.store.templates import NamedBody
from sql.models import Template

TEMPLATES: Final = "/api/templates"
MOST_NAMED: Final = 20
"""How many of a template's words an error names."""

router = APIRouter(tags=["templates"], route_class=StrictRoute)

_READ: Final = problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE)
_ONE: Final = problems(HTTPStatus.NOT_FOUND, HTTPStatus.SERVICE_UNAVAILABLE)
_WRITE: Final = problems(HTTPStatus.CONFLICT, *WITH_BODY, HTTPStatus.SERVICE_UNAVAILABLE)


@router.get(
    TEMPLATES, dependencies=[needs(Scope.JOBS_READ)], response_model=TemplateList, responses={**_READ, **CONDITIONAL}
)
async def list_templates(
    wanted: Annotated[ListTemplates, Query()], request: Request, store: StoreDep, owner: OwnerDep
) -> Response:
    """List the templates of the caller's owner, those changed last first."""
    found = await store.templates.list(
        owner,
        q=wanted.q,
        limit=wanted.limit + 1,
        before=read_cursor(wanted.cursor, UUID),
    )
    page, last = cut(found, wanted.limit)
    return json_answer(
        request,
        TemplateList(
            items=[TemplateAnswer(**_fields(one)) for one in page],
            next_cursor=last and cursor_after(last.changed_at, last.id),
        ),
    )


@router.post(
    TEMPLATES,
    dependencies=[needs(Scope.JOBS_WRITE)],
    status_code=HTTPStatus.CREATED,
    responses=_WRITE,
)
async def create_template(request: NewTemplate, store: StoreDep, owner: OwnerDep) -> FullTemplate:
    """Store a template. Its body is checked like a job's, except for what its words stand for and the model allows."""
    return _full((await _save(store, owner, {"/name": request}, replace=False))[0])


@router.get(f"{TEMPLATES}/export", dependencies=[needs(Scope.JOBS_READ)], responses=_READ)
async def export_templates(store: StoreDep, owner: OwnerDep, response: Response) -> TemplateExport:
    """Return all templates of the caller's owner as one document, which an import takes as it is."""
    response.headers["Content-Disposition"] = 'attachment; filename="promptmill-templates.json"'
    found = await store.templates.all(owner)
    return TemplateExport(templates=[ExportedTemplate(name=one.name, body=one.body) for one in found])


@router.post(IMPORT, dependencies=[needs(Scope.JOBS_WRITE)], responses=_WRITE)
async def import_templates(
    *,
    request: ImportTemplates,
    store: StoreDep,
    owner: OwnerDep,
    replace: Annotated[WrittenFlag, Query(description="Whether templates of the same names are replaced.")] = False,
) -> ImportedTemplates:
    """Store the templates of an exported document: all of them, or none if anything is wrong with one."""
    given = {f"/templates/{place}/name": one for place, one in enumerate(request.templates)}
    saved = await _save(store, owner, given, replace=replace)
    return ImportedTemplates(stored=len(saved), replaced=sum(one.version > 1 for one in saved))


@router.get(
    f"{TEMPLATES}/{{template_id}}",
    dependencies=[needs(Scope.JOBS_READ)],
    response_model=FullTemplate,
    responses={**_ONE, **CONDITIONAL},
)
async def get_template(template_id: IdInPath, request: Request, store: StoreDep, owner: OwnerDep) -> Response:
    """Return a template with its body."""
    return json_answer(request, _full(await store.templates.get(template_id, owner=owner)))


@router.put(
    f"{TEMPLATES}/{{template_id}}",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses={**_WRITE, **_ONE},
)
async def change_template(
    template_id: IdInPath, request: ChangeTemplate, store: StoreDep, owner: OwnerDep
) -> FullTemplate:
    """Replace a template's name and body, unless somebody has changed it since (409, `template_changed`)."""
    new = NamedBody(request.name, wire_body(request.body))
    try:
        return _full(await store.templates.replace(template_id, new, request.version, owner=owner))
    except RecordConflict as conflict:
        if conflict.conflict != "name_taken":
            raise
        raise _taken(["/name"]) from None


@router.delete(
    f"{TEMPLATES}/{{template_id}}",
    dependencies=[needs(Scope.JOBS_WRITE)],
    status_code=HTTPStatus.NO_CONTENT,
    responses=_ONE,
)
async def delete_template(template_id: IdInPath, store: StoreDep, owner: OwnerDep) -> None:
    """Delete a template. Jobs that were made from it stay."""
    await store.templates.delete(template_id, owner=owner)


@router.post(
    f"{TEMPLATES}/{{template_id}}/fill",
    dependencies=[needs(Scope.JOBS_READ)],
    responses={
        **_ONE,
        **problems(*WITH_BODY),
        200: {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/CreateJob"}}}},
    },
    response_description="A body of `POST /api/jobs/create`.",
)
async def fill_template(
    template_id: IdInPath, request: FillTemplate, store: StoreDep, owner: OwnerDep
) -> dict[str, Any]:
    """Return a template's body with its words filled in: what to send to `POST /api/jobs/create`. No job is made."""
    body = (await store.templates.get(template_id, owner=owner)).body
    part = worded(body)
    known = template_words(body)
    wrong = [
        FieldError(pointer=pointer_to(("words", word)), message="Required.") for word in missing(part, request.words)
    ]
    listed = ", ".join(map(short_name, known[:MOST_NAMED])) + (", …" if len(known) > MOST_NAMED else "")
    unknown = f"The template has no such word. It has: {listed or 'none'}."
    names = frozenset(known)
    wrong += [
        FieldError(pointer=pointer_to(("words", word)), message=unknown) for word in request.words if word not in names
    ]
    if wrong:
        raise Refused("invalid_request", f"{wrong[0].pointer}: {wrong[0].message}", errors=wrong[:MAX_ERRORS])
    if length_filled(part, request.words) > MOST_FILLED:
        raise invalid("/words", f"The filled template would have more than {MOST_FILLED:,} characters.")
    made: dict[str, Any] = body | filled(part, request.words)
    try:
        CreateJob.model_validate(made)
    except ValidationError as error:
        wrong = [
            FieldError(pointer="/words", message=f"{pointer_to(one['loc'])} of the filled template: {one['msg']}")
            for one in error.errors()[:MAX_ERRORS]
        ]
        raise Refused("invalid_request", f"{wrong[0].pointer}: {wrong[0].message}", errors=wrong) from None
    return made


async def _save(store: StoreDep, owner: str, given: Mapping[str, NewTemplate], *, replace: bool) -> list[Template]:
    """Store templates, which are given by the places of their names in the request."""
    try:
        return await store.templates.save(
            owner, [NamedBody(one.name, wire_body(one.body)) for one in given.values()], replace=replace
        )
    except RecordConflict as conflict:
        if conflict.conflict != "name_taken":
            raise
        taken = await store.templates.names(owner, [one.name for one in given.values()])
        raise _taken([pointer for pointer, one in given.items() if one.name in taken]) from None


def _taken(pointers: Sequence[str]) -> Refused:
    message = "There is a template with this name."
    return Refused("name_taken", errors=[FieldError(pointer=one, message=message) for one in pointers[:MAX_ERRORS]])


def _fields(template: Template) -> dict[str, Any]:
    return {
        "template_id": template.id,
        "name": template.name,
        "model": template.body["model"],
        "words": template_words(template.body),
        "version": template.version,
        "created_at": template.created_at,
        "changed_at": template.changed_at,
    }


def _full(template: Template) -> FullTemplate:
    return FullTemplate(**_fields(template), body=template.body)
