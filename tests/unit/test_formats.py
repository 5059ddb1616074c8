"""Money and durations are formatted alike everywhere; the page's code is tested with the same cases."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from promptmill.formats import duration, money

CASES = json.loads((Path(__file__).parents[1] / "data" / "formats.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("case", CASES["duration"], ids=str)
def test_durations_are_told_in_the_unit_that_people_would_say(case: dict[str, float | str]) -> None:
    assert duration(float(case["seconds"])) == case["text"]


@pytest.mark.parametrize("case", CASES["money"], ids=str)
def test_money_has_two_places_at_least_and_six_at_most(case: dict[str, float | str]) -> None:
    assert money(float(case["usd"])) == case["text"]
    assert money(Decimal(str(case["usd"]))) == case["text"]


def test_a_debt_is_told_as_one() -> None:
    assert money(Decimal("-0.5")) == "-$0.50"
