"""Requests and responses about the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from api.schemas.access import OwnerName
from api.schemas.bases import Answer, StrictRequestModel
from api.schemas.fields import Time, digits, storable
from api.schemas.pages import Cursor
from promptmill.contracts.audit import Action

ENTRIES_AT_ONCE: Final = 200
NAME_CHARACTERS: Final = 200

_Name = Annotated[str, StringConstraints(max_length=NAME_CHARACTERS), AfterValidator(storable)]


class ListAudit(StrictRequestModel):
    """Which entries to list, newest first."""

    actor: _Name | None = Field(None, description="Only what this actor did, such as `key:3f9Kq2Lm` or `cli:anna`.")
    owner: OwnerName | None = Field(None, description="Only what concerns this owner.")
    action: Action | None = Field(None, description="Only this action.")
    target: _Name | None = Field(None, description="Only what was done to this, such as `job:` and its id.")
    since: Time | None = Field(None, description="Only entries of this time or later.")
    until: Time | None = Field(None, description="Only entries before this time.")
    limit: Annotated[
        int, Field(ge=1, le=ENTRIES_AT_ONCE, description="Entries per page; CSV has no pages."), BeforeValidator(digits)
    ] = 50
    cursor: Cursor = None
    format: Literal["json", "csv"] | None = Field(None, description="Default: what `Accept` prefers, or JSON.")


class AuditAnswer(Answer):
    """Something that somebody did."""

    id: int = Field(description="Its number.")
    at: datetime = Field(description="When it was done.")
    actor: str = Field(
        description="Who did it: `key:` and the key's id, after `session:` and a session's id if it was done in a "
        "browser; `sso:` and the name of whom a proxy has signed in; `token`; `local`, where nobody has to sign in; "
        "`cli:` and the system's user; `unknown`; or `promptmill` itself."
    )
    owner: str | None = Field(description="Whom it concerns; null: the whole installation.")
    action: str = Field(description="What was done: " + ", ".join(f"`{action}`" for action in Action) + ".")
    target: str | None = Field(description="What it was done to: a kind and an id, such as `key:3f9Kq2Lm`.")
    before: dict[str, Any] | None = Field(description="What `after` replaced; null if there was nothing before.")
    after: dict[str, Any] | None = Field(description="What it is now. Never a secret or a prompt.")
    request_id: str | None = Field(description="`X-Request-Id` of the request; null for commands.")
    address: str | None = Field(description="Where the request came from; null for commands.")


class AuditList(Answer):
    """A page of the audit log."""

    items: list[AuditAnswer] = Field(description="The entries, newest first.")
    next_cursor: str | None = Field(description="Continues with older entries; null on the last page.")
