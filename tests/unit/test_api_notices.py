"""What an operator sees first when results are read late, and when outputs are not stored."""

from __future__ import annotations

import pytest

from api.installation.notices import notices_of
from api.schemas.installation import OutputsReport, ReadingsReport, SubmissionsReport, SwitchesReport, TemporalReport

TEMPORAL = TemporalReport(address="127.0.0.1:7233", namespace="default", answers=True)
SUBMISSIONS = SubmissionsReport(tier="auto", per_second=10, max_per_second=10, concurrency=8)


def test_late_readings_are_told_with_their_number() -> None:
    readings = ReadingsReport(open=1234, late_seconds=90.4)

    [notice] = notices_of(SwitchesReport(), TEMPORAL, SUBMISSIONS, readings, [])

    assert (notice.tone, notice.title) == ("attention", "Results are read late.")
    assert "1234 results" in notice.text
    assert "90 s" in notice.text


@pytest.mark.parametrize("late_seconds", [None, 0, 60])
def test_others_are_not(late_seconds: float | None) -> None:
    readings = ReadingsReport(open=1234, late_seconds=late_seconds)

    assert [*notices_of(SwitchesReport(), TEMPORAL, SUBMISSIONS, readings, [])] == []


@pytest.mark.parametrize(
    ("outputs", "titles"),
    [
        (OutputsReport(on=True, stored_bytes=8_999, max_bytes=10_000, waiting=7, at_risk=0), []),
        (OutputsReport(on=True, stored_bytes=9_000, max_bytes=10_000), ["The storage of outputs is nearly full."]),
        (OutputsReport(on=True, at_risk=1), ["Outputs are not stored."]),
        (OutputsReport(on=True, max_bytes=10_000), []),  # Postgres is away
        (OutputsReport(), []),
    ],
)
def test_a_full_storage_and_outputs_at_risk_are_told(outputs: OutputsReport, titles: list[str]) -> None:
    found = notices_of(SwitchesReport(), TEMPORAL, SUBMISSIONS, ReadingsReport(), [], outputs=outputs)

    assert [notice.title for notice in found] == titles
