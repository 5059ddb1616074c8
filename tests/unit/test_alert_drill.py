"""The drill of all alerts in short: it has a cause for each, and shortens nothing but times."""

from __future__ import annotations

import pytest

from tests.drills.alert_causes import CAUSES
from tests.drills.drill_alerts import ACTS, FROM_THE_BEGINNING, UNSEEN
from tests.drills.quickened import quicker_expression
from tests.runbooks import alerts


def test_every_alert_of_the_rules_is_seen_or_excused() -> None:
    seen = [alert for each in CAUSES.values() for alert in each.alerts]

    assert len(seen) == len(set(seen)), "an alert has two causes"
    assert set(seen) & UNSEEN.keys() == set()
    assert {alert.name for alert in alerts()} == {*seen, *UNSEEN}, "give it a cause in tests/drills/alert_causes.py"


def test_every_cause_is_in_the_drill() -> None:
    assert sorted(CAUSES) == sorted([FROM_THE_BEGINNING, *(name for act in ACTS for name in act)])


@pytest.mark.parametrize(
    ("expression", "quicker"),
    [
        ("rate(a_total[5m]) > 300", "rate(a_total[5000ms]) > 300"),
        ("a unless a offset 10m", "a unless a offset 10000ms"),
        ("time() - max(a_seconds) > 26 * 3600", "time() - max(a_seconds) > (26 * 3600) / 60"),
        ("min(a_seconds) - time() < 2 * 86400", "min(a_seconds) - time() < 2 * 86400"),
    ],
)
def test_times_that_prometheus_measures_are_shorter(expression: str, quicker: str) -> None:
    assert quicker_expression(expression) == quicker
