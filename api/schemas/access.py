"""Requests and responses about owners, keys and sessions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any, Final, Self
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, StrictInt, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from api.clock import now
from api.schemas.bases import Answer, StrictRequestModel
from api.schemas.fields import Time
from promptmill.contracts.access import (
    NAME_CHARACTERS,
    ROLES,
    Scope,
    key_name,
    owner_name,
    role_named,
    scope_named,
    scopes_for,
)
from promptmill.contracts.limits import MOST_PATTERNS, NUMBERS, REASON_CHARACTERS, model_pattern, pause_reason

LIMIT_TEXTS: Final = {
    "open_jobs": "Jobs that have not ended, and as many prompt jobs.",
    "requests_per_minute": "Requests a minute that write or cost, at each process of the API.",
    "highest_priority": "Highest priority of a job.",
    "models": "Patterns of the models that may be used, such as `bytedance/*`.",
    "outputs_per_job": "Pictures, or other outputs, of one job.",
    "uploads_per_day": "Uploaded images a day, at each process of the API.",
    "streams": "Live streams at once, at each process of the API.",
}

SECRET_CHARACTERS: Final = 1000
"""Maximum length of a key or token that a browser signs in with."""


def checked(rule: Callable[[str], Any]) -> Callable[[Any], Any]:
    """Return a validator for a rule that says by a ValueError what is wrong; what is no text is left to its type."""

    def check(value: Any) -> Any:
        try:
            return rule(value) if isinstance(value, str) else value
        except ValueError as error:
            raise PydanticCustomError("refused", "{message}", {"message": str(error)}) from None

    return check


def _in_future(at: datetime) -> datetime:
    if at <= now():
        raise PydanticCustomError("refused", "This time has passed: a key expires in the future.")
    return at


OwnerName = Annotated[str, BeforeValidator(checked(owner_name))]


class SignIn(StrictRequestModel):
    """An API key, or a token of the settings, to exchange for a session."""

    key: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=SECRET_CHARACTERS)] = Field(
        description="The key or token."
    )


class SessionAnswer(Answer):
    """Who the caller is."""

    signed_in: bool = Field(description="Whether calls are let in: also true where nobody has to sign in.")
    sign_in_required: bool = Field(
        description="False on this machine until there is a key, a token, or a proxy that signs people in."
    )
    owner: str | None = Field(None, description="Whose jobs the caller sees and creates.")
    scopes: list[Scope] = Field([], description="What the caller may do.")
    actor: str | None = Field(None, description="How logs name the caller.")
    key_name: str | None = Field(None, description="The name of the key, if it is one.")
    sign_out_url: str | None = Field(None, description="Where somebody signs out whom a proxy has signed in.")


class BrowserSessionAnswer(Answer):
    """A browser that has signed in."""

    id: UUID = Field(description="Its id.")
    key_id: str | None = Field(description="The key that it signed in with; null: a token of the settings.")
    owner: str = Field(description="Whose jobs it sees and creates.")
    created_at: datetime = Field(description="When it signed in.")
    last_used_at: datetime = Field(description="To the minute.")
    address: str | None = Field(description="Where it signed in from; null if unknown.")
    user_agent: str | None = Field(description="What the browser called itself then.")


class BrowserSessionList(Answer):
    """The sessions that may be used now, the last used first; at most 1,000."""

    items: list[BrowserSessionAnswer] = Field(description="The sessions.")


class NewOwner(StrictRequestModel):
    """An owner to create."""

    name: OwnerName = Field(description="1 to 63 lowercase letters, digits and hyphens.")


class LimitsAnswer(Answer):
    """Limits. Null: of an owner's own, the installation's; of the installation, no limit."""

    open_jobs: int | None = Field(None, description=LIMIT_TEXTS["open_jobs"])
    requests_per_minute: int | None = Field(None, description=LIMIT_TEXTS["requests_per_minute"])
    highest_priority: int | None = Field(None, description=LIMIT_TEXTS["highest_priority"])
    models: list[str] | None = Field(None, description=LIMIT_TEXTS["models"])
    outputs_per_job: int | None = Field(None, description=LIMIT_TEXTS["outputs_per_job"])
    uploads_per_day: int | None = Field(None, description=LIMIT_TEXTS["uploads_per_day"])
    streams: int | None = Field(None, description=LIMIT_TEXTS["streams"])


def _number(name: str) -> Any:
    low, high = NUMBERS[name]
    return Field(None, ge=low, le=high, description=LIMIT_TEXTS[name])


class ChangeLimits(StrictRequestModel):
    """Limits to change; what is left out stays, and null is the installation's limit again."""

    open_jobs: StrictInt | None = _number("open_jobs")
    requests_per_minute: StrictInt | None = _number("requests_per_minute")
    highest_priority: StrictInt | None = _number("highest_priority")
    models: list[Annotated[str, BeforeValidator(checked(model_pattern))]] | None = Field(
        None, max_length=MOST_PATTERNS, description=LIMIT_TEXTS["models"]
    )
    outputs_per_job: StrictInt | None = _number("outputs_per_job")
    uploads_per_day: StrictInt | None = _number("uploads_per_day")
    streams: StrictInt | None = _number("streams")


class PauseOwner(StrictRequestModel):
    """Why an owner is paused."""

    reason: Annotated[str, BeforeValidator(checked(pause_reason))] = Field(
        description=f"What callers are shown, 1 to {REASON_CHARACTERS} characters."
    )


class OwnerAnswer(Answer):
    """An owner: what belongs to it is invisible to others."""

    name: str = Field(description="Its name.")
    created_at: datetime = Field(description="When it was created.")
    limits: LimitsAnswer = Field(description="The limits that it has of its own.")
    paused_at: datetime | None = Field(description="Since when it is paused; null if it is not.")
    paused_reason: str | None = Field(description="Why.")
    paused_by: str | None = Field(description="By whom, as `actor` in logs.")
    queue_paused_at: datetime | None = Field(description="Since when it pauses its own queue; null if it does not.")
    queue_paused_by: str | None = Field(description="Which of its callers paused it, as `actor` in logs.")


class OwnerList(Answer):
    """All owners, by name."""

    items: list[OwnerAnswer] = Field(description="The owners.")
    limits: LimitsAnswer = Field(description="The installation's limits, of owners that have none of their own.")


class CreateKey(StrictRequestModel):
    """A key to make: a `role`, or `scopes`."""

    name: Annotated[str, BeforeValidator(checked(key_name))] = Field(
        description=f"What uses the key, 1 to {NAME_CHARACTERS} characters."
    )
    owner: OwnerName | None = Field(None, description="Whose jobs it works with; by default the caller's owner.")
    role: Annotated[str, BeforeValidator(checked(role_named))] | None = Field(
        None, description=f"A preset of scopes: {', '.join(ROLES)}.", json_schema_extra={"enum": [*ROLES, None]}
    )
    scopes: list[Annotated[Scope, BeforeValidator(checked(scope_named))]] = Field(
        [], max_length=len(Scope), description="What it allows."
    )
    expires_at: Annotated[Time, AfterValidator(_in_future)] | None = Field(
        None, description="When it ends; without it, the key is valid until it is revoked."
    )

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        checked(lambda role: scopes_for(role or None, self.scopes))(self.role or "")
        return self

    @property
    def allowed(self) -> frozenset[Scope]:
        """What the key shall allow."""
        return scopes_for(self.role, self.scopes)


class KeyAnswer(Answer):
    """An API key. The key itself is not stored."""

    id: str = Field(description="The 8 characters after `pm_`.")
    owner: str = Field(description="Whose jobs it works with.")
    name: str = Field(description="What uses it.")
    scopes: list[str] = Field(description="What it allows.")
    created_at: datetime = Field(description="When it was made.")
    created_by: str = Field(description="Who made it, as `actor` in logs.")
    expires_at: datetime | None = Field(description="When it ends; null if it does not expire.")
    last_used_at: datetime | None = Field(description="To the minute.")
    revoked_at: datetime | None = Field(description="When it was revoked; null if it was not.")


class CreatedKey(KeyAnswer):
    """A key that was just made."""

    key: str = Field(description="The key. It is shown here only, and cannot be found out again.")
    warnings: list[str] = Field(description="What this changed for everybody: it was the first key, for instance.")


class RevokedKey(KeyAnswer):
    """A key that is refused from now on, by every API process within a second, and its sessions with it."""

    warnings: list[str] = Field(description="Set if nobody can make keys through the API any more.")


class KeyList(Answer):
    """Keys by owner, including revoked and expired ones."""

    items: list[KeyAnswer] = Field(description="The keys.")
