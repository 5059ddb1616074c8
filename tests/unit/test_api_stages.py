"""Where a job's time went, from its events."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from uuid_utils.compat import uuid7

from api.jobs.timeline import measure_stages
from sql.models import JobEvent

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
JOB_ID = uuid7()


def events(*told: tuple[float, str, dict[str, Any]]) -> list[JobEvent]:
    return [
        JobEvent(
            job_id=JOB_ID,
            sequence=number,
            at=BEGAN + timedelta(seconds=at),
            status=status,
            reason_code=None,
            detail=detail,
        )
        for number, (at, status, detail) in enumerate(told, start=1)
    ]


def measured(*told: tuple[float, str, dict[str, Any]], now: float = 100) -> list[tuple[str, float, bool]]:
    found = measure_stages(events(*told), BEGAN + timedelta(seconds=now))
    return [(stage.stage, stage.seconds, stage.open) for stage in found]


def test_a_finished_job_has_no_open_part_and_late_facts_take_no_time() -> None:
    found = measured(
        (0, "queued", {}),
        (1, "dispatching", {}),
        (3, "generating", {}),
        (4, "generating", {"facts": ["mediaCostUsd"]}),
        (10, "completed", {}),
        (50, "completed", {"callback": "delivered"}),
    )

    assert found == [("queued", 1, False), ("dispatching", 2, False), ("generating", 7, False)]


def test_writing_is_told_apart_from_waiting_for_grok_and_includes_the_pauses_between_attempts() -> None:
    writes = {"promptStatus": "generating"}

    found = measured(
        (0, "queued", {}),
        (1, "prompting", {}),
        (5, "prompting", writes),
        (6, "prompting", {"retryCount": 1}),
        (8, "prompting", {"attempt": 2, **writes}),
        (9, "dispatching", {}),
        now=12,
    )

    assert found == [("queued", 1, False), ("prompting", 4, False), ("writing", 4, False), ("dispatching", 3, True)]


def test_nothing_happened_yet_and_clocks_that_disagree() -> None:
    assert measured() == []
    assert measured((5, "queued", {}), now=4) == [("queued", 0, True)]
    assert measured((0, "cancelled", {})) == []
