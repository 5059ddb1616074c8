"""The outcome of comparing the record with itself and with Temporal (`promptmill audit-record`)."""

from __future__ import annotations

from typing import Final, Literal
from uuid import UUID

from promptmill.contracts.messages import Message

MOST_SHOWN: Final = 20
"""Findings of one check that are named; the others are counted."""


class Check(Message):
    """One comparison.

    `compares` says what with what, `compared` of how many, `findings` how many did not agree, of which `shown` names
    the first; `advice` says what to do about them. `lost` of the findings show that a row was lost. `seconds` is how
    long it took.
    """

    name: str
    compares: str
    compared: int
    findings: int
    shown: tuple[str, ...]
    advice: str
    seconds: float
    lost: int = 0


class OpenWorkflowRow(Message):
    """An open row that has a workflow of its own, or, unless `started`, waits for one.

    `unchanged`: nothing has changed it for longer than the reconciler takes.
    """

    id: UUID
    table: Literal["jobs", "prompt_generation_jobs"]
    started: bool
    unchanged: bool
