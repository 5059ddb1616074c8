"""Removes one of the safeguards that the promises rest on, only in the run's own database or worker.

A run that still passes has tested nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

from promptmill.local.stack import DATABASE
from tests.chaos.installation import Installation
from tests.fixtures.session import ROOT

Sabotage = Literal[
    "no-intent",
    "retry-post",
    "no-guard",
    "no-unique-index",
    "no-budget-lock",
    "no-batch-lock",
    "release-unclear",
    "ignore-refunds",
]
SABOTAGES: tuple[Sabotage, ...] = get_args(Sabotage)

WORKER_SABOTAGES = ("retry-post", "no-guard")


def worker_command(sabotage: Sabotage | None) -> Sequence[str]:
    """Return the arguments to Python that run a worker."""
    if sabotage in WORKER_SABOTAGES:
        return ("-m", "tests.chaos.sabotaged_worker", str(sabotage))
    return ("-m", "worker")


def sabotage_record(sabotage: Sabotage | None, installation: Installation) -> None:
    """Change the run's own database."""
    if sabotage == "no-intent":
        installation.postgres.psql(DATABASE, "-c", permission_without_intent())
    elif sabotage == "no-unique-index":
        installation.postgres.psql(DATABASE, "-c", "DROP INDEX submissions_one_open_idx")
    elif sabotage == "no-budget-lock":
        installation.postgres.psql(DATABASE, "-c", permission_without_budget_lock())
    elif sabotage == "no-batch-lock":
        installation.postgres.psql(DATABASE, "-c", permission_without_batch_lock())
    elif sabotage == "release-unclear":
        installation.postgres.psql(DATABASE, "-c", account_without_unclear())
    elif sabotage == "ignore-refunds":
        installation.postgres.psql(DATABASE, "-c", bills_without_refunds())


def permission_without_intent() -> str:
    """Return the function that permits a submission, without the row that it writes and the comparison with it.

    Raises:
        RuntimeError: The function has changed so that this no longer applies.
    """
    text = _function("permit_submission_v3")
    for beginning, end in (
        ("    IF v_open.id IS NULL AND p_known_submission_id IS NOT NULL", "    ELSIF v_open.state = 'intended'"),
        ("    IF v_refused IS NOT NULL THEN\n        UPDATE submissions", "    v_job := move_job"),
    ):
        before, found, rest = text.partition(beginning)
        _, found_end, after = rest.partition(end)
        if not found or not found_end:
            raise RuntimeError(f"sql/functions/permit_submission_v3.sql has no part that begins with {beginning!r}")
        text = before + end.replace("ELSIF", "IF") + after
    return text


def permission_without_budget_lock() -> str:
    """Return the function that permits a submission, with a moment between the comparison and the reservation.

    As if they were two transactions, or the budget a counter somewhere else.

    Raises:
        RuntimeError: As for `permission_without_intent`.
    """
    lock = "    PERFORM FROM budgets AS b WHERE b.owner IN (v_job.owner, '*') ORDER BY b.owner, b.period FOR UPDATE;\n"
    reservation = "    IF v_refused IS NOT NULL THEN\n        UPDATE submissions"
    pause = "    PERFORM pg_sleep(0.3);\n"
    return _changed("permit_submission_v3", {lock: "", reservation: pause + reservation})


def permission_without_batch_lock() -> str:
    """Return the function that permits a submission, with the batch read as it was a moment before.

    The moment comes before the locks on budgets, which would otherwise make permissions wait for each other.

    Raises:
        RuntimeError: As for `permission_without_intent`.
    """
    read = "SELECT * INTO v_batch FROM batches WHERE id = v_job.batch_id"
    return _changed("permit_submission_v3", {f"{read} FOR NO KEY UPDATE;": f"{read}; PERFORM pg_sleep(0.3);"})


def account_without_unclear() -> str:
    """Return the function that says what a submission counts for, without those that are unclear.

    Raises:
        RuntimeError: As for `permission_without_intent`.
    """
    return _changed("spending_of", {"IN ('intended', 'unknown')": "= 'intended'"})


def bills_without_refunds() -> str:
    """Return the function that records a bill, without what was refunded.

    Raises:
        RuntimeError: As for `permission_without_intent`.
    """
    return _changed("record_bill", {"p_refunded_usd := round(p_refunded_usd, 6);": "p_refunded_usd := 0;"})


def _changed(name: str, changes: Mapping[str, str]) -> str:
    text = _function(name)
    for old, new in changes.items():
        if text.count(old) != 1:
            raise RuntimeError(f"sql/functions/{name}.sql has not exactly one {old!r}")
        text = text.replace(old, new)
    return text


def _function(name: str) -> str:
    return (ROOT / "sql" / "functions" / f"{name}.sql").read_text(encoding="utf-8")
