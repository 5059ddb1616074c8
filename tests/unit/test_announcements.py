"""What may be announced, and until when it stands."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from promptmill.commands.announce import moment
from promptmill.contracts.announcements import TEXT_CHARACTERS, Announcement, Level, announcement_text

NOW = datetime(2026, 12, 1, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    ["", "   ", "\u200b", "\u200d", "two\nlines", "a\x1b[31mred", "off \u202egnihtemos", "x" * (TEXT_CHARACTERS + 1)],
)
def test_what_cannot_be_read_as_one_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"1 to {TEXT_CHARACTERS} printable characters"):
        announcement_text(text)


@pytest.mark.parametrize("text", ["x" * TEXT_CHARACTERS, "<b>is</b> text", "Heute Abend: Wartung 👩‍🔧"])
def test_text_stays_as_it_is(text: str) -> None:
    assert announcement_text(f"  {text}\n") == text


def test_it_stands_until_its_time() -> None:
    value = Announcement(level=Level.WARNING, until=NOW).model_dump_json()

    assert Announcement.of_switch(value, NOW - timedelta(seconds=1)) == Announcement(level=Level.WARNING, until=NOW)
    assert Announcement.of_switch(value, NOW) is None
    assert Announcement.of_switch(Announcement().model_dump_json(), NOW) == Announcement()


@pytest.mark.parametrize("value", [None, "", "off", "{", '{"level": "shout"}', '{"until": "2026-12-01T18:00:00"}'])
def test_anything_else_announces_nothing(value: str | None) -> None:
    assert Announcement.of_switch(value, NOW) is None


def test_an_end_is_a_time_with_its_zone_or_a_duration() -> None:
    assert moment("2126-12-01T18:00Z") == datetime(2126, 12, 1, 18, tzinfo=UTC)
    assert moment("2126-12-01T18:00+02:00") == datetime(2126, 12, 1, 16, tzinfo=UTC)
    assert moment("52w") - moment("51w") > timedelta(days=6)


@pytest.mark.parametrize(
    "text", ["2126-12-01T18:00", "tomorrow", "", "0h", "9999-12-31T23:59-12:00", "2020-01-01T00:00Z"]
)
def test_an_end_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time with its zone|has passed"):
        moment(text)
