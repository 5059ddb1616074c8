"""What the record, Temporal, WaveSpeed and the proxy say of the installation when Prometheus asks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeVar

from api.installation.balance import Balance
from api.installation.certificates import Certificates
from api.installation.reconciler import ReconcilerWatch
from api.installation.report import report_submissions, report_temporal
from api.schemas.installation import SubmissionsReport, TemporalReport
from promptmill.api_resources import ApiResources
from promptmill.contracts.budgets import Budget
from promptmill.contracts.errors import RecordError
from promptmill.contracts.outputs import OutputStock
from promptmill.store import Store
from promptmill.store.health import record_problem
from promptmill.store.monitoring import RecordFigures
from promptmill.store.operations import AI_PROMPTS, DRAIN, SUBMISSIONS_HELD
from promptmill.store.readings import Backlog

PATIENCE_SECONDS: Final = 5.0
"""Longest wait for each of the four: Prometheus gives up after 10 s by default."""

SWITCHES: Final = (DRAIN, SUBMISSIONS_HELD, AI_PROMPTS)

Found = TypeVar("Found")


@dataclass(frozen=True)
class Record:
    """What Postgres says.

    Attributes:
        writable: Whether it accepts writes.
        counts: The numbers of rows, by table and status.
        submissions: The rate of paid submissions.
        readings: The results that are still to be read.
        budgets: All of them.
        outputs: What is stored of the outputs, and what waits.
    """

    writable: bool
    counts: Mapping[str, Mapping[str, int]]
    submissions: SubmissionsReport
    readings: Backlog
    budgets: Sequence[Budget]
    figures: RecordFigures
    outputs: OutputStock


@dataclass(frozen=True)
class Figures:
    """What is known now.

    Attributes:
        record: None while Postgres is unavailable.
        temporal: None while Temporal is.
        balance_usd: What is left at WaveSpeed; None if it does not say.
        certificates: When the certificate of each watched address ends; None if it could not be read.
    """

    record: Record | None = None
    temporal: TemporalReport | None = None
    balance_usd: float | None = None
    certificates: Mapping[str, float | None] = field(default_factory=dict)


async def gather_figures(
    resources: ApiResources, reconciler: ReconcilerWatch, balance: Balance, certificates: Certificates
) -> Figures:
    """Ask Postgres, Temporal, WaveSpeed and the proxy at once; whoever does not answer in time is left out."""
    record, temporal, left, ends = await asyncio.gather(
        _in_time(_ask_record(resources)),
        _in_time(report_temporal(resources, reconciler)),
        _in_time(balance.look()),
        _in_time(certificates.look()),
    )
    return Figures(
        record=record,
        temporal=temporal if temporal is not None and temporal.answers else None,
        balance_usd=None if left is None or left[0] is None else float(left[0]),
        certificates=dict.fromkeys(certificates.addresses) if ends is None else ends,
    )


async def _in_time(asked: Awaitable[Found]) -> Found | None:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await asked
    except (RecordError, TimeoutError):
        return None


async def _ask_record(resources: ApiResources) -> Record:
    store: Store = resources.store
    counts, submissions, readings, budgets, figures, outputs = await asyncio.gather(
        store.operations.counts(),
        report_submissions(resources),
        store.readings.backlog(),
        store.budgets.all(),
        store.monitoring.figures(SWITCHES),
        _ask_outputs(resources),
    )
    writable = await record_problem(store) is None
    return Record(writable, counts, submissions, readings, budgets, figures, outputs)


async def _ask_outputs(resources: ApiResources) -> OutputStock:
    if resources.storage is None:
        return OutputStock()
    return await resources.store.outputs.stock(limited=resources.settings.outputs_max_bytes is not None)
