"""Styles of Grok's prompts: list with counts, set and delete one's own."""

from __future__ import annotations

from http import HTTPStatus
from itertools import groupby
from operator import attrgetter
from typing import Annotated

from fastapi import APIRouter, Path

from api.access.scopes import needs
from api.dependencies import OwnerDep, StoreDep
from api.http.errors import WITH_BODY, Refused, invalid, problems
from api.http.strict_json import StrictRoute
from api.schemas.fields import StyleName
from api.schemas.styles import SetStyle, StyleAnswer, StyleList, StyleUse
from promptmill.contracts.access import Scope
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.styles import BUILT_IN, MOST_STYLES
from promptmill.store import Store

router = APIRouter(prefix="/api/prompt-styles", tags=["prompt queue"], route_class=StrictRoute)

StyleInPath = Annotated[StyleName, Path(description="The name of a style of one's own.")]


@router.get("", dependencies=[needs(Scope.JOBS_READ)], responses=problems(HTTPStatus.SERVICE_UNAVAILABLE))
async def list_styles(store: StoreDep, owner: OwnerDep) -> StyleList:
    """List the styles in which Grok can write, with the likes of what was made from them in the last 30 days."""
    uses = await _uses(store, owner)
    own = {style.name: style.wording for style in await store.styles.own(owner) if style.name not in BUILT_IN}
    gone = dict.fromkeys(sorted(uses.keys() - BUILT_IN.keys() - own.keys()))
    items = [
        StyleAnswer(name=name, wording=wording, own=name in own, models=uses.get(name, []))
        for name, wording in {**BUILT_IN, **own, **gone}.items()
    ]
    return StyleList(items=items, most_own=MOST_STYLES)


@router.put(
    "/{style}",
    dependencies=[needs(Scope.JOBS_WRITE)],
    responses=problems(HTTPStatus.CONFLICT, *WITH_BODY, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def set_style(style: StyleInPath, request: SetStyle, store: StoreDep, owner: OwnerDep) -> StyleAnswer:
    """Store a style of one's own, or give it a new wording. What was asked before keeps the old wording."""
    if style in BUILT_IN:
        raise invalid("/style", f"{style} is everybody's: choose another name.")
    stored = await store.styles.set(owner, style, request.wording.strip())
    return StyleAnswer(
        name=stored.name, wording=stored.wording, own=True, models=(await _uses(store, owner)).get(stored.name, [])
    )


@router.delete(
    "/{style}",
    dependencies=[needs(Scope.JOBS_WRITE)],
    status_code=HTTPStatus.NO_CONTENT,
    responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
async def delete_style(style: StyleInPath, store: StoreDep, owner: OwnerDep) -> None:
    """Delete a style of one's own. Jobs keep its name."""
    try:
        await store.styles.delete(owner, style)
    except RecordNotFound:
        raise Refused("not_found", "There is no such style.") from None


async def _uses(store: Store, owner: str) -> dict[str, list[StyleUse]]:
    """Return how each style has fared, by model; the record has them in order."""
    counted = groupby(await store.styles.counts(owner), attrgetter("style"))
    return {style: [StyleUse.built_from(one) for one in counts] for style, counts in counted}
