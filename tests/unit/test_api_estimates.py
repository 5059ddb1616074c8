"""Estimates: from recent throughput, a range if it is uncertain, none if nothing is known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from api.jobs.sentences import job_text
from api.jobs.waiting import UNKNOWN, Estimate, late_warning, still_to_go, until_turn
from api.schemas.parts import Wait, WaitFor
from promptmill.store.pace import Minute


def test_without_examples_nothing_is_said() -> None:
    assert until_turn(5, []) == UNKNOWN
    assert still_to_go([], 3) == UNKNOWN


def test_what_takes_longer_than_nearly_all_examples_is_not_guessed() -> None:
    assert still_to_go([2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 300], 60) == UNKNOWN
    assert still_to_go([4, 5, 6], 7) == UNKNOWN


def test_few_examples_give_a_wide_range() -> None:
    assert still_to_go([20], 0) == Estimate(20, 10, 40)
    assert until_turn(10, [Minute(1, 10)]) == Estimate(60, 30, 120)


def test_examples_that_agree_give_no_range() -> None:
    assert still_to_go([20, 20.4, 20.2, 20.3], 0) == Estimate(20.2)
    assert until_turn(6, [Minute(1, 6)] * 3) == Estimate(60)


def test_examples_that_differ_give_one() -> None:
    assert still_to_go([10, 20, 30, 40, 50], 0) == Estimate(30, 14, 46)
    assert until_turn(12, [Minute(1, 6), Minute(1, 12), Minute(1, 24)]) == Estimate(51.4, 30, 120)


def test_only_examples_that_took_longer_count_for_what_runs_already() -> None:
    assert still_to_go([10, 20, 30, 40, 100], 25) == Estimate(15, 7, 63)


def test_a_minute_that_has_just_begun_does_not_slow_the_estimate() -> None:
    steady = [Minute(1, 60)] * 3
    assert until_turn(60, [Minute(0.1, 6), *steady]) == until_turn(60, steady) == Estimate(60)


def test_quiet_minutes_between_do_not_count() -> None:
    # The store counts only busy minutes: an hour without work says nothing about the speed.
    assert until_turn(1, [Minute(0.01, 1)]).seconds == 60


@pytest.mark.parametrize(
    ("known", "said"),
    [
        ({}, "Generating at WaveSpeed."),
        ({"estimate_seconds": 20}, "Generating at WaveSpeed, about 20 s."),
        (
            {"estimate_seconds": 40, "estimate_low_seconds": 20, "estimate_high_seconds": 150},
            "Generating at WaveSpeed, about 20 s to 3 min.",
        ),
        ({"longer_than_usual": True}, "Generating at WaveSpeed; taking longer than usual."),
    ],
)
def test_the_sentence_says_what_is_known(known: dict[str, object], said: str) -> None:
    wait = Wait.model_validate({"for_": WaitFor.WAVESPEED, **known})

    assert job_text("generating", wait, None, started=True) == said


def test_waiting_at_wavespeed_is_not_waiting_here() -> None:
    def said(for_: WaitFor) -> str:
        return job_text("dispatching", Wait(for_=for_, estimate_seconds=20, position=1, of=2), None, started=True)

    assert said(WaitFor.WAVESPEED_QUEUE) == "Waiting to be submitted to WaveSpeed: 1st of 2, about 20 s."
    assert said(WaitFor.WAVESPEED) == "Generating at WaveSpeed, about 20 s."


def test_a_job_that_a_budget_holds_says_which() -> None:
    wait = Wait(for_=WaitFor.BUDGET, stopped=True, stopped_reason="the installation's daily budget is used up; it …")

    said = job_text("dispatching", wait, None, started=True)

    assert said == "Waiting: the installation's daily budget is used up; it …."


def test_a_deadline_that_may_come_first_is_warned_of() -> None:
    deadline = datetime.now(UTC) + timedelta(seconds=60)  # noqa: TID251  # no workflow runs here

    def warned(**known: object) -> str | None:
        return late_warning(Wait.model_validate({"for_": WaitFor.GROK_QUEUE, **known}), deadline)

    assert warned() is None, "what nobody knows is no reason to worry"
    assert warned(estimate_seconds=30) is None
    assert warned(estimate_seconds=300) == "The deadline may pass first: 60 s left."
    assert warned(estimate_seconds=30, estimate_low_seconds=15, estimate_high_seconds=90) is not None
