"""How fast paid submissions may be made: the tiers' numbers, and the settings that override them."""

from __future__ import annotations

import pytest

from api.installation.notices import notices_of
from api.schemas.installation import ReadingsReport, SubmissionsReport, SwitchesReport, TemporalReport
from promptmill.config.settings import load_settings
from promptmill.config.tiers import SubmissionPace, WaveSpeedTier, pace_of
from promptmill.contracts.errors import ConfigurationError
from promptmill.formats import rate

NO_FILE = {"PROMPTMILL_ENV_FILE": "", "PROMPTMILL_DATA_DIR": "/nonexistent"}
TEMPORAL = TemporalReport(address="127.0.0.1:7233", namespace="default", answers=True)


def test_auto_begins_with_the_default_and_goes_down_to_bronze() -> None:
    pace = load_settings(NO_FILE).submission_pace

    assert pace == SubmissionPace(per_second=10, slowest=2 / 60, concurrency=8)
    assert pace.adapts


@pytest.mark.parametrize(
    ("tier", "per_minute", "concurrency"),
    [("bronze", 2, 2), ("silver", 500, 300), ("gold", 3000, 1000), ("ultra", 5000, 1000)],
)
def test_a_tier_sets_both_numbers_and_fixes_the_rate(tier: str, per_minute: int, concurrency: int) -> None:
    pace = load_settings(NO_FILE | {"PROMPTMILL_WAVESPEED_TIER": tier}).submission_pace

    assert pace.per_second * 60 == pytest.approx(per_minute)
    assert pace.concurrency == concurrency
    assert not pace.adapts


@pytest.mark.parametrize("tier", [*WaveSpeedTier])
def test_numbers_win_over_the_tier(tier: WaveSpeedTier) -> None:
    numbers = {"PROMPTMILL_WAVESPEED_PER_SECOND": "3", "PROMPTMILL_WAVESPEED_CONCURRENCY": "5"}
    pace = load_settings(NO_FILE | numbers | {"PROMPTMILL_WAVESPEED_TIER": tier}).submission_pace

    assert (pace.per_second, pace.concurrency) == (3, 5)
    assert pace.adapts == (tier is WaveSpeedTier.AUTO)


def test_the_slowest_rate_is_never_above_the_number_that_was_set() -> None:
    pace = pace_of(WaveSpeedTier.AUTO, per_second=0.01, concurrency=None)

    assert (pace.slowest, pace.adapts) == (0.01, False)


def test_an_unknown_tier_is_refused_by_name() -> None:
    with pytest.raises(ConfigurationError, match=r"PROMPTMILL_WAVESPEED_TIER .*'bronze', 'silver'"):
        load_settings(NO_FILE | {"PROMPTMILL_WAVESPEED_TIER": "platinum"})


@pytest.mark.parametrize(
    ("per_second", "text"),
    [(10, "10 a second"), (2.5, "2.5 a second"), (2 / 60, "2 a minute"), (0.6667, "40 a minute")],
)
def test_a_rate_reads_as_people_say_it(per_second: float, text: str) -> None:
    assert rate(per_second) == text


def test_a_lowered_rate_is_a_notice_in_one_sentence() -> None:
    report = SubmissionsReport(tier="auto", per_second=2 / 60, max_per_second=10, concurrency=8, lowered=True)

    [notice] = notices_of(SwitchesReport(), TEMPORAL, report, ReadingsReport(), [])

    assert notice.tone == "attention"
    assert notice.text == (
        "WaveSpeed answered 429 (too many requests), so submissions are limited to 2 a minute instead of 10 a second. "
        "The rate rises again as long as no further 429 comes."
    )
    assert not [
        *notices_of(SwitchesReport(), TEMPORAL, report.model_copy(update={"lowered": False}), ReadingsReport(), [])
    ]
