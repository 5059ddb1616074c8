"""WaveSpeed's predictions, translated into our terms."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.wavespeed.predictions import Prediction, read_prediction, read_time

CREATED = "2026-05-19T06:09:15.948268264Z"
VIDEO_MODEL = "kwaivgi/kling-v2.5-turbo-pro/image-to-video"


def read(kind: MediaKind | None = None, **fields: Any) -> Prediction:
    return read_prediction({"status": "completed"} | fields, asked_id="asked", kind=kind, key="secret-key")


def b64(head: bytes) -> str:
    return base64.b64encode(head + bytes(40)).decode()


@pytest.mark.parametrize("status", ["created", "pending", "processing", "paused by moon", "", "canceled?"])
def test_unknown_words_mean_not_finished(status: str) -> None:
    found = read(status=status, code=5004, error="x")

    assert not found.finished
    assert found.reason_code is None


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"status": "completed", "outputs": ["https://cdn/x.png"]}, None),
        ({"status": "completed", "outputs": [None, "https://cdn/x.png"]}, None),
        ({"status": "completed"}, ReasonCode.GENERATION_WITHOUT_OUTPUT),
        ({"status": "completed", "outputs": []}, ReasonCode.GENERATION_WITHOUT_OUTPUT),
        ({"status": "completed", "outputs": [""]}, ReasonCode.GENERATION_WITHOUT_OUTPUT),
        ({"status": "completed", "outputs": [None, " ", "\u200b"]}, ReasonCode.GENERATION_WITHOUT_OUTPUT),
        ({"status": "completed", "outputs": ""}, ReasonCode.GENERATION_WITHOUT_OUTPUT),
        ({"status": "failed"}, ReasonCode.GENERATION_FAILED),
        ({"status": "failed", "code": 5999}, ReasonCode.GENERATION_FAILED),
        ({"status": "failed", "code": 5000}, ReasonCode.GENERATION_UNAVAILABLE),
        ({"status": "failed", "code": "5003"}, ReasonCode.GENERATION_UNAVAILABLE),
        ({"status": "failed", "code": 1400}, ReasonCode.GENERATION_BAD_INPUT),
        ({"status": "failed", "code": 1401}, ReasonCode.GENERATION_BAD_INPUT),
        ({"status": "failed", "code": 1200}, ReasonCode.GENERATION_MODERATED),
        ({"status": "failed", "error": "Content flagged as potentially sensitive."}, ReasonCode.GENERATION_MODERATED),
        ({"status": "failed", "code": 1402}, ReasonCode.GENERATION_INPUT_UNREACHABLE),
        ({"status": "cancelled"}, ReasonCode.GENERATION_STOPPED),
        ({"status": "timeout"}, ReasonCode.GENERATION_STOPPED),
        ({"status": "deleted", "code": 1200}, ReasonCode.GENERATION_STOPPED),
        ({"status": " FAILED "}, ReasonCode.GENERATION_FAILED),
    ],
)
def test_each_end_has_its_reason(fields: dict[str, Any], reason: ReasonCode | None) -> None:
    found = read(**fields)

    assert found.finished
    assert found.reason_code is reason


@pytest.mark.parametrize(
    ("value", "kind", "url", "text"),
    [
        ("https://cdn/x.png", MediaKind.IMAGE, "https://cdn/x.png", None),
        ("https://cdn/x.MP4?a=b", MediaKind.VIDEO, "https://cdn/x.MP4?a=b", None),
        ("https://cdn/x.mp3", MediaKind.AUDIO, "https://cdn/x.mp3", None),
        ("https://cdn/no-extension", MediaKind.VIDEO, "https://cdn/no-extension", None),
        ("a poem", MediaKind.TEXT, None, "a poem"),
        ("cat", MediaKind.TEXT, None, "cat"),
        ({"score": 1}, MediaKind.JSON, None, '{"score": 1}'),
        ([1], MediaKind.JSON, None, "[1]"),
        (
            {"url": "https://cdn/x.png", "w": 8},
            MediaKind.IMAGE,
            "https://cdn/x.png",
            '{"url": "https://cdn/x.png", "w": 8}',
        ),
        ("data:image/png;base64,AA==", MediaKind.IMAGE, "data:image/png;base64,AA==", None),
        ("nul\x00byte", MediaKind.TEXT, None, "nulbyte"),
    ],
)
def test_each_form_of_output_is_read(value: Any, kind: MediaKind, url: str | None, text: str | None) -> None:
    [output] = read(model=VIDEO_MODEL, outputs=[value]).outputs

    assert (output.kind, output.url, output.text) == (kind, url, text)


@pytest.mark.parametrize(
    ("head", "media_type"),
    [
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"RIFF\x00\x00\x00\x00WEBP", "image/webp"),
        (b"RIFF\x00\x00\x00\x00WAVE", "audio/wav"),
        (b"\x00\x00\x00\x18ftypisom", "video/mp4"),
        (b"\x00\x00\x00\x20ftypisom", "video/mp4"),
    ],
)
def test_bare_base64_becomes_a_data_address(head: bytes, media_type: str) -> None:
    [output] = read(outputs=[b64(head)]).outputs

    assert output.url == f"data:{media_type};base64,{b64(head)}"
    assert output.kind == media_type.partition("/")[0]
    assert output.text is None


@pytest.mark.parametrize("status", ["succeeded", "canceled", "error", "finished", ""])
def test_a_word_that_nobody_knows_is_told(status: str) -> None:
    assert read(status=status).unrecognized


@pytest.mark.parametrize("status", ["created", "Processing", "pending", "completed", "failed", "timeout"])
def test_a_word_that_we_know_is_no_puzzle(status: str) -> None:
    assert not read(status=status).unrecognized


def test_an_output_keeps_wavespeeds_place_beside_empty_ones() -> None:
    [output] = read(outputs=["", "https://cdn/2.png"], has_nsfw_contents=[False, True]).outputs

    assert (output.index, output.nsfw) == (1, True)


@pytest.mark.parametrize("outputs", [None, [], ""])
def test_no_outputs_are_none(outputs: Any) -> None:
    assert read(outputs=outputs).outputs == ()


def test_the_asked_kind_comes_before_the_models() -> None:
    [output] = read(MediaKind.AUDIO, model=VIDEO_MODEL, outputs=["https://cdn/x"]).outputs

    assert output.kind is MediaKind.AUDIO


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        ([True, False], [True, False]),
        ([True], [True, None]),
        (None, [None, None]),
        ([], [None, None]),
        (["x"], [None] * 2),
    ],
)
def test_each_output_has_its_own_flag(flags: Any, expected: list[bool | None]) -> None:
    found = read(outputs=["https://cdn/1.png", "https://cdn/2.png"], has_nsfw_contents=flags)

    assert [output.nsfw for output in found.outputs] == expected
    assert [output.index for output in found.outputs] == [0, 1]


def test_files_expire_seven_days_after_creation_and_texts_do_not() -> None:
    file, text = read(outputs=["https://cdn/1.png", "a poem"], created_at=CREATED).outputs

    assert file.expires_at == datetime(2026, 5, 19, 6, 9, 15, 948268, tzinfo=UTC) + timedelta(days=7)
    assert text.expires_at is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2026-05-19T06:09:15Z", datetime(2026, 5, 19, 6, 9, 15, tzinfo=UTC)),
        ("2026-05-19T08:09:15.5+02:00", datetime(2026, 5, 19, 6, 9, 15, 500_000, tzinfo=UTC)),
        ("2026-05-19T06:09:15", datetime(2026, 5, 19, 6, 9, 15, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("9999-12-31T23:59:59Z", None),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_times_are_read_or_unknown(value: object, expected: datetime | None) -> None:
    assert read_time(value) == expected


def test_the_error_carries_no_secret() -> None:
    found = read(status="failed", error="secret-key could not fetch https://host/a.png?sig=abc")

    assert found.error == "[key] could not fetch https://host/a.png?…"


def test_a_long_error_is_cut() -> None:
    assert len(read(status="failed", error="blah " * 1_000).error or "") == 500


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
FIELDS = st.sampled_from(["id", "model", "outputs", "has_nsfw_contents", "created_at", "error", "code"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])  # machines are shared
@given(st.dictionaries(FIELDS, JSON))
def test_nothing_that_a_prediction_holds_breaks_the_reading(fields: dict[str, Any]) -> None:
    found = read(**fields)

    assert found.finished
    assert found.model_dump_json()
