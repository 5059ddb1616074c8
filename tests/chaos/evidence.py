"""What is left of a run: the rows, the workflows and the ledger, as plain data for `judgement`."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from temporalio.client import Client

from activities.run_states import run_of
from promptmill.contracts.names import job_workflow_id
from promptmill.contracts.reconciliation import RunState
from tests.chaos.plan import SUBJECTS
from tests.chaos.provider import Simulator
from tests.chaos.record import Record

ASKING_AT_ONCE = 16
PATIENCE = timedelta(seconds=20)

_JOB_OF_WEBHOOK = re.compile(r"/api/webhooks/wavespeed/([0-9a-f-]{36})\?")


@dataclass(frozen=True)
class Charge:
    """One charged prediction, and the job whose POST created it, taken from its webhook URL.

    Attributes:
        usd: What was charged, less what was refunded.
    """

    prediction_id: str
    job_id: str | None
    usd: Decimal = Decimal(0)


@dataclass(frozen=True)
class Submission:
    """A row of `submissions`.

    Attributes:
        usd: Its cost, or else the price that its permission reserved.
    """

    job_id: str
    state: str
    prediction_id: str | None
    candidates: tuple[str, ...]
    resolved_by: str | None
    usd: Decimal = Decimal(0)


@dataclass(frozen=True)
class Event:
    """A row of `job_events`."""

    sequence: int
    at: Any
    status: str
    reason_code: str | None
    detail: dict[str, Any]


@dataclass(frozen=True)
class JobEvidence:
    """Everything known of one job.

    Attributes:
        run: The status of its latest workflow run.
        left: The status in the record that its workflow returned or failed with.
    """

    job_id: str
    tag: str | None
    retry_of: str | None
    status: str
    reason_code: str | None
    prediction_id: str | None
    prompt_job_status: str | None
    run: RunState
    left: str | None
    events: Sequence[Event]
    submissions: Sequence[Submission]


@dataclass(frozen=True)
class Evidence:
    """Everything that a run leaves behind.

    Attributes:
        accepted: Ids of jobs answered with 202.
        terminated: Ids of jobs that the temporal command terminated, or may have.
        readable: Parts of prompts that can be read in Temporal's files although payloads are encrypted.
    """

    jobs: dict[str, JobEvidence]
    charges: Sequence[Charge]
    accepted: Collection[str]
    terminated: Collection[str]
    readable: Collection[str] = ()


async def collect(
    record: Record,
    client: Client,
    wavespeed: Simulator,
    accepted: Collection[str],
    terminated: Collection[str],
    readable: Collection[str],
) -> Evidence:
    """Read everything once."""
    rows = await record.rows(
        "SELECT j.id::text, j.metadata::jsonb ->> 'chaos' AS tag, j.retry_of::text, j.status, j.reason_code,"
        " j.prediction_id, p.status AS prompt_job_status"
        " FROM jobs AS j LEFT JOIN prompt_generation_jobs AS p ON p.job_id = j.id"
    )
    events, submissions = await _events(record), await _submissions(record)
    gate = asyncio.Semaphore(ASKING_AT_ONCE)

    async def one(row: Any) -> JobEvidence:
        async with gate:
            run = await run_of(client, job_workflow_id(UUID(row["id"])))
        return JobEvidence(
            job_id=row["id"],
            tag=row["tag"],
            retry_of=row["retry_of"],
            status=row["status"],
            reason_code=row["reason_code"],
            prediction_id=row["prediction_id"],
            prompt_job_status=row["prompt_job_status"],
            run=run.state,
            left=None if run.result is None else str(run.result.status),
            events=events.get(row["id"], ()),
            submissions=submissions.get(row["id"], ()),
        )

    jobs = await asyncio.gather(*(one(row) for row in rows))
    return Evidence({job.job_id: job for job in jobs}, await charges(wavespeed), accepted, terminated, readable)


def readable(files: Iterable[Path]) -> set[str]:
    """Return the parts of prompts that files hold in plain text."""
    found: set[str] = set()
    for file in files:
        content = file.read_bytes()
        found |= {subject for subject in SUBJECTS if subject.encode() in content}
    return found


async def charges(wavespeed: Simulator) -> list[Charge]:
    """Return the ledger's charges with their jobs."""
    book = await wavespeed.book()
    webhooks = {prediction["id"]: prediction["webhook"] or "" for prediction in book["predictions"]}
    refunded = {entry["id"]: Decimal(entry["usd"]) for entry in book["ledger"] if entry["kind"] == "refund"}
    found = []
    for entry in book["ledger"]:
        if entry["kind"] == "charge":
            job = _JOB_OF_WEBHOOK.search(webhooks.get(entry["id"], ""))
            usd = Decimal(entry["usd"]) - refunded.get(entry["id"], 0)
            found.append(Charge(entry["id"], job.group(1) if job else None, usd))
    return found


async def _events(record: Record) -> dict[str, list[Event]]:
    found: dict[str, list[Event]] = {}
    for row in await record.rows(
        "SELECT job_id::text, sequence, at, status, reason_code, detail FROM job_events ORDER BY job_id, sequence"
    ):
        event = Event(row["sequence"], row["at"], row["status"], row["reason_code"], _json(row["detail"]))
        found.setdefault(row["job_id"], []).append(event)
    return found


async def _submissions(record: Record) -> dict[str, list[Submission]]:
    found: dict[str, list[Submission]] = {}
    for row in await record.rows(
        "SELECT job_id::text, state, prediction_id, candidates, resolved_by,"
        " coalesce(media_cost_usd, reserved_usd) AS usd FROM submissions ORDER BY number"
    ):
        submission = Submission(
            row["job_id"],
            row["state"],
            row["prediction_id"],
            tuple(_json(row["candidates"])),
            row["resolved_by"],
            row["usd"],
        )
        found.setdefault(row["job_id"], []).append(submission)
    return found


def _json(text: str) -> Any:
    return json.loads(text)
