"""`make drills`: a thousand random stories of a job, on the newest and on the oldest supported Postgres."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.fixtures.record import Record
from tests.integration.test_record_rules import PREPARED, STORY, tell

pytestmark = pytest.mark.oldest_postgres


@pytest.mark.timeout(3600)
@settings(
    max_examples=1000,
    deadline=None,
    phases=(Phase.reuse, Phase.generate),
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=STORY, prepared=st.sampled_from(PREPARED))
async def test_no_sequence_of_reports_breaks_the_rules(
    record: Record, story: list[tuple[Any, ...]], prepared: str
) -> None:
    await tell(record, story, prepared)
