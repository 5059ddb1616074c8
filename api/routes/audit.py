"""The audit log, for admins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Query, Request
from starlette.responses import StreamingResponse

from api.access.scopes import needs
from api.dependencies import StoreDep
from api.http.cursors import cursor_after, cut, entry_number, read_cursor
from api.http.errors import problems
from api.http.representations import CSV, wants_csv
from api.schemas.audit import AuditAnswer, AuditList, ListAudit
from promptmill.contracts.access import Scope
from promptmill.contracts.audit import AuditFilter
from promptmill.spreadsheets import csv_line
from promptmill.store.audit import Entries
from sql.models import AuditEntry

router = APIRouter(prefix="/api", tags=["access"], dependencies=[needs(Scope.ADMIN)])

_DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "A page of entries; as CSV, all of them, with the names of the columns in the first line.",
        "content": {CSV: {"schema": {"type": "string"}}},
    },
    **problems(HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
}


@router.get("/audit", response_model=AuditList, responses=_DOCUMENTED)
async def list_audit(wanted: Annotated[ListAudit, Query()], request: Request, store: StoreDep) -> Any:
    """List who did what, newest first. As CSV, all entries from the cursor on are streamed.

    In CSV, a value that a spreadsheet would take for a formula has an apostrophe before it.
    """
    where = AuditFilter.built_from(
        wanted,
        limit=wanted.limit + 1,
        before=read_cursor(wanted.cursor, entry_number),
    )
    if wants_csv(request, wanted.format):
        pages = store.audit.pages(where)
        first = await anext(pages)  # before the answer begins: then a failure can still be told
        headers = {"Content-Disposition": 'attachment; filename="audit.csv"', "Vary": "Accept"}
        return StreamingResponse(_csv(first, pages), media_type=CSV, headers=headers)
    found = await store.audit.list(where)
    page, last = cut(found, wanted.limit)
    return AuditList(
        items=[AuditAnswer.built_from(entry) for entry in page],
        next_cursor=last and cursor_after(last.at, last.id),
    )


async def _csv(first: Entries, others: AsyncIterator[Entries]) -> AsyncIterator[str]:
    yield csv_line(AuditAnswer.model_fields) + _lines(first)
    async for page in others:
        yield _lines(page)


def _lines(entries: Iterable[AuditEntry]) -> str:
    return "".join(csv_line(getattr(entry, name) for name in AuditAnswer.model_fields) for entry in entries)
