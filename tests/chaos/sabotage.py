"""Removes one of the four safeguards that the promise rests on, only in the run's own database or worker.

A run that still passes has tested nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

from promptmill.local.stack import DATABASE
from tests.chaos.installation import Installation
from tests.fixtures.session import ROOT

Sabotage = Literal["no-intent", "retry-post", "no-guard", "no-unique-index"]
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


def permission_without_intent() -> str:
    """Return the function that permits a submission, without the row that it writes and the comparison with it.

    Raises:
        RuntimeError: The function has changed so that this no longer applies.
    """
    text = (ROOT / "sql" / "functions" / "permit_submission_v2.sql").read_text(encoding="utf-8")
    for beginning, end in (
        ("    IF v_open.id IS NULL AND p_known_submission_id IS NOT NULL", "    ELSIF v_open.state = 'intended'"),
        ("    IF v_refused IS NOT NULL THEN\n        UPDATE submissions", "    v_job := move_job"),
    ):
        before, found, rest = text.partition(beginning)
        _, found_end, after = rest.partition(end)
        if not found or not found_end:
            raise RuntimeError(f"sql/functions/permit_submission_v2.sql has no part that begins with {beginning!r}")
        text = before + end.replace("ELSIF", "IF") + after
    return text
