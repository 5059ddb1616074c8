"""Short names of statements for metrics: the SQL function that one calls, otherwise its verb and table."""

from __future__ import annotations

import re
from functools import cache
from typing import Final

from sqlmodel import SQLModel

from promptmill.store.functions import functions_in

OTHER: Final = "other"

_TARGET: Final = re.compile(r"\b(SELECT|FROM|LATERAL|INSERT INTO|UPDATE|DELETE FROM)\s+(?:FROM\s+)?([a-z_]+\w*)\b")
_VERBS: Final = {"INSERT INTO": "insert", "UPDATE": "update", "DELETE FROM": "delete"}
_AUDIT: Final = "audit_log"
"""Entries of the audit log are written beside what they are about, which gives the name."""


@cache
def statement_name(query: str) -> str:
    """Return a statement's name, one of a few: parameters and filters make no difference.

    What a statement changes gives the name, then the first function that it calls where a table may stand, then the
    first table that it reads.
    """
    found = _TARGET.findall(query)
    for verb, name in found:
        if verb in _VERBS and name in _tables() and name != _AUDIT:
            return f"{_VERBS[verb]} {name}"
    for _, name in found:
        if name in _functions():
            return str(name)
    for verb, name in found:
        if name in _tables():
            return f"{_VERBS.get(verb, 'select')} {name}"
    return OTHER


@cache
def _functions() -> frozenset[str]:
    return frozenset(function.name for function in functions_in())


@cache
def _tables() -> frozenset[str]:
    return frozenset(SQLModel.metadata.tables) | {"status_counters", "queue_minutes", "late_predictions"}
