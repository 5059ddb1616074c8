"""What an owner may have and ask for: which limit holds, and what the command line understands."""

from __future__ import annotations

from typing import Any

import pytest

from promptmill.contracts.limits import OwnerLimits, limit_texts, parsed_limits, pause_reason


def test_an_owners_own_limit_replaces_the_installations_also_by_a_weaker_one() -> None:
    installation = OwnerLimits(open_jobs=10, streams=200, models=("bytedance/*",))

    held = OwnerLimits(open_jobs=50, models=()).within(installation)

    assert held == OwnerLimits(open_jobs=50, streams=200, models=())
    assert limit_texts(held) == ["open jobs: 50", "models: none", "streams: 200"]


@pytest.mark.parametrize(
    ("pattern", "allowed"),
    [
        ("bytedance/*", ["bytedance/seedream-v4"]),
        ("*/seedream-v?", ["bytedance/seedream-v4"]),
        ("bytedance/seedream", []),
        ("BYTEDANCE/*", []),
        ("*", ["bytedance/seedream-v4", "kling/v2"]),
    ],
)
def test_a_model_is_allowed_by_a_pattern_of_its_whole_name(pattern: str, allowed: list[str]) -> None:
    models = ["bytedance/seedream-v4", "kling/v2"]

    assert [model for model in models if OwnerLimits(models=("x", pattern)).allows_model(model)] == allowed
    assert all(OwnerLimits().allows_model(model) and not OwnerLimits(models=()).allows_model(model) for model in models)


def test_outputs_are_compared_where_an_input_says_how_many() -> None:
    limits = OwnerLimits(outputs_per_job=4)

    inputs: dict[str, Any] = {"num_images": 5, "max_images": 4, "n": "many", "seed": 900, "num_outputs": 4.5}

    assert list(limits.excess_outputs(inputs)) == ["num_images", "num_outputs"]
    for too_many in ("5", " 5 ", "5e0", "inf", 10**400, str(10**400)):
        assert list(limits.excess_outputs({"n": too_many})) == ["n"], too_many
    others: list[Any] = ["4", "nan", None, [5], {}, True]
    for enough in others:
        assert list(limits.excess_outputs({"n": enough})) == [], enough
    assert list(OwnerLimits().excess_outputs({"num_images": 100_000})) == []


def test_the_command_line_sets_limits_and_returns_to_the_installations() -> None:
    assert parsed_limits(["open-jobs=40", "models=a/*, b/c", "streams="]) == {
        "open_jobs": 40,
        "models": ["a/*", "b/c"],
        "streams": None,
    }
    reset = parsed_limits(["open-jobs=1"], none=True)
    assert reset.pop("open_jobs") == 1
    assert set(reset.values()) == {None}
    assert len(reset) == 6


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("open-job=1", "LIMIT is one of open-jobs, requests-per-minute"),
        ("open-jobs", "LIMIT=VALUE"),
        ("highest-priority=11", "highest-priority: a whole number from 1 to 10, not '11'"),
        ("requests-per-minute=0", "from 1 to 1,000,000"),
        ("streams=-1", "whole number"),
        ("streams=²", "whole number"),
        ("models=a b", "pattern of models"),
        (f"models={'a,' * 50}a", "at most 50 patterns"),
    ],
)
def test_a_limit_that_cannot_be_is_refused_with_what_can(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says.replace("*", r"\*")):
        parsed_limits([text])


@pytest.mark.parametrize("text", ["", "  ", "x" * 501, "a\nb"])
def test_a_pause_has_a_reason_that_can_be_shown(text: str) -> None:
    with pytest.raises(ValueError, match="Say why"):
        pause_reason(text)
    assert pause_reason(" costs ") == "costs"
