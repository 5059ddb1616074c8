"""When an unclear submission is searched for again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from activities.resolver import wait_after


def test_the_first_looks_come_soon_and_ever_more_rarely() -> None:
    age, waits = timedelta(), []
    while age < timedelta(minutes=5):
        waits.append(wait_after(age).total_seconds())
        age += wait_after(age)

    assert waits == [2, 5, 10, 20, 40, 60, 60, 60, 60]


@pytest.mark.parametrize(
    ("age", "wait"),
    [
        (timedelta(minutes=14), timedelta(minutes=1)),
        (timedelta(minutes=15), timedelta(minutes=10)),
        (timedelta(days=6), timedelta(minutes=10)),
        (timedelta(days=7), timedelta(hours=6)),
        (timedelta(days=400), timedelta(hours=6)),
    ],
)
def test_old_submissions_are_looked_for_rarely(age: timedelta, wait: timedelta) -> None:
    assert wait_after(age) == wait
