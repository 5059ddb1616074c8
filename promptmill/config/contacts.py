"""Settings of people: who is asked about which part."""

from __future__ import annotations

from typing import Annotated, Final, NamedTuple

from pydantic import BaseModel, BeforeValidator, Field
from pydantic_settings import NoDecode

ROLES: Final = ("database", "api", "frontend", "infrastructure", "product")
"""The parts that have a contact: the receivers of deploy/monitoring/alertmanager.yml."""

EXAMPLE: Final = "database=Ada Example <ada@example.com>; api=Team on call <+1 555 0100>"


class Contact(NamedTuple):
    """Whom to ask about a part, and where: a mail address, a telephone number, a channel."""

    role: str
    name: str
    address: str

    def __str__(self) -> str:
        """As it is written in the setting."""
        return f"{self.role}={self.name} <{self.address}>"


def _contacts(value: object) -> object:
    """Parse a list separated by semicolons; leave everything else to pydantic."""
    if not isinstance(value, str):
        return value
    found = tuple(_contact(part.strip()) for part in value.split(";") if part.strip())
    roles = [contact.role for contact in found]
    if twice := next((role for role in roles if roles.count(role) > 1), None):
        raise ValueError(f"{twice} is there twice: name one contact for each")
    return found


def _contact(text: str) -> Contact:
    role, _, who = text.partition("=")
    name, _, where = who.partition("<")
    contact = Contact(role.strip(), name.strip(), where.removesuffix(">").strip())
    if not where.endswith(">") or not all(contact) or set("<>") & set(contact.name + contact.address):
        raise ValueError(
            f"{text!r} is no contact: write role=name <address>, separated by semicolons, such as {EXAMPLE}"
        )
    if not text.isprintable():
        raise ValueError(f"{text!r} has lines or invisible characters in it: write each contact in one line")
    if contact.role not in ROLES:
        raise ValueError(f"{contact.role!r} is no role: choose among {', '.join(ROLES)}")
    return contact


class ContactSettings(BaseModel):
    """Who is asked."""

    contacts: Annotated[tuple[Contact, ...], NoDecode, BeforeValidator(_contacts)] = Field(
        (),
        description="Whom to ask about database, api, frontend, infrastructure and product, for the sheet of a deployment: role=name <address>, separated by semicolons.",
    )
