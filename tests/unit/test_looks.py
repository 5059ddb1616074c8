"""When a prediction is looked at, and what that comes to when many are open."""

from __future__ import annotations

import random

import pytest

from activities.looks import Pauses, next_look
from tests.bench.reading import batch, flow, in_turn, simulate

PAUSES = Pauses(2, 15)
MINUTE = [60.0 + second for second in range(-10, 11)]
"""A model whose predictions take about a minute."""


def look(waited: float, looks: int = 0, *, spacing: float = 0, not_before: float = 0) -> float:
    return next_look(waited, looks, PAUSES, usual=MINUTE, spacing=spacing, not_before=not_before)


def test_without_a_history_looks_grow_rarer_up_to_the_longest_pause() -> None:
    pauses = [next_look(0, looks, PAUSES, usual=MINUTE[:3], spacing=0) for looks in range(5)]

    assert pauses == pytest.approx([0, 2, 2.5, 3.125, 3.90625])
    assert next_look(0, 10_000, PAUSES, usual=(), spacing=0) == 15


def test_without_a_history_many_open_predictions_take_turns() -> None:
    assert next_look(0, 0, PAUSES, usual=(), spacing=100) == 100


def test_the_first_look_is_when_the_first_ones_usually_finish() -> None:
    assert 40 < look(0) < 50


def test_looks_are_close_where_most_finish() -> None:
    assert look(50, 1) < 2


def test_a_model_that_needs_no_time_is_looked_at_at_once() -> None:
    instant = [0.05] * 20

    assert next_look(0.2, 0, PAUSES, usual=instant, spacing=0) == 0
    assert next_look(0.2, 1, PAUSES, usual=instant, spacing=0) == 0.5


def test_what_takes_longer_than_all_others_is_looked_at_ever_more_rarely() -> None:
    assert look(100, 5) < look(600, 9) < look(3600, 20) < 400


def test_with_many_open_the_first_look_waits_until_most_have_finished() -> None:
    assert look(0) < look(0, spacing=20) < look(0, spacing=1000) < 70


def test_a_webhook_is_waited_for() -> None:
    assert look(0, not_before=60) == 60
    assert look(59, 1, not_before=60) >= 1
    assert look(60, 1, not_before=60) == look(60, 1)


def test_a_model_that_became_faster_is_looked_at_earlier_each_time() -> None:
    """Recorded durations end with the look that found the result, which must not confirm itself for ever."""
    usual = MINUTE
    for _ in range(12):
        usual = [next_look(0, 0, PAUSES, usual=usual, spacing=0)] * 20

    assert usual[0] < 20


@pytest.mark.parametrize(
    ("per_second", "median", "p95"),
    [(1, 10, 30), (5, 15, 60), (15, 60, 180)],
)
def test_results_are_found_soon_at_a_steady_flow(per_second: float, median: float, p95: float) -> None:
    """At 20 looks a second, models of half a minute to eight minutes: from about 5 a second on looks become scarce."""
    found = simulate(flow(per_second, 1800, random.Random(3)), after=600)

    assert found.quantile(0.5) <= median
    assert found.quantile(0.95) <= p95


def test_ten_thousand_at_once_are_found_earlier_than_in_turn() -> None:
    work = batch(10_000, random.Random(3))

    found, turns = simulate(work), simulate(work, in_turn)

    assert len(found.delays) == len(work)
    assert found.quantile(0.5) < 100
    assert found.quantile(0.5) < turns.quantile(0.5) / 2
    assert found.quantile(0.95) < turns.quantile(0.95) / 2


def test_without_a_history_all_are_found() -> None:
    work = flow(2, 600, random.Random(3))

    assert len(simulate(work, known=False).delays) == len(work)
