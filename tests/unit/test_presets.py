"""Presets, and the request that is made from one."""

from __future__ import annotations

import re
from typing import Any

import pytest

from promptmill.config.presets import NEVER_SENT, compose_request, kind_of, load_presets, place_pictures
from promptmill.contracts.jobs import MediaKind

EDIT = "bytedance/seedream-v4/edit"
QWEN = "wavespeed-ai/qwen-image/edit"
KLING = "kwaivgi/kling-v2.5-turbo-pro/image-to-video"
TEXT_ONLY = "bytedance/seedream-v4.5"
UNKNOWN = "somebody/something-new"


def compose(
    model: str,
    inputs: dict[str, Any] | None = None,
    *,
    seed: int | None = None,
) -> dict[str, Any]:
    return compose_request(model, inputs or {}, "a fox", seed)


def test_presets_are_read_once() -> None:
    assert load_presets() is load_presets()


@pytest.mark.parametrize("preset", load_presets().values(), ids=lambda preset: preset.model)
def test_every_preset_is_sound(preset: Any) -> None:
    assert re.fullmatch(r"[\w.-]+(/[\w.-]+)+", preset.model)
    assert preset.label
    assert preset.kind in {MediaKind.IMAGE, MediaKind.VIDEO}
    assert preset.pictures_field == "images" or preset.max_pictures == 1
    for size in preset.sizes:
        sides = [int(side) for side in size.split("*")]
        assert len(sides) == 2
        assert all((preset.side_min or 0) <= side <= (preset.side_max or side) for side in sides)
    assert not NEVER_SENT.keys() & preset.defaults.keys()
    assert not {"prompt", "seed", preset.pictures_field} & preset.defaults.keys()


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (EDIT, MediaKind.IMAGE),
        (KLING, MediaKind.VIDEO),
        ("google/veo3.1-fast", MediaKind.VIDEO),
        ("new/model/text-to-video", MediaKind.VIDEO),
        ("new/wan-9-i2v-480p", MediaKind.VIDEO),
        ("new/t2v", MediaKind.VIDEO),
        ("new/VIDEO-upscaler", MediaKind.VIDEO),
        ("new/mi2vx", MediaKind.IMAGE),
        (UNKNOWN, MediaKind.IMAGE),
        ("", MediaKind.IMAGE),
    ],
)
def test_kind_is_the_presets_or_guessed_from_the_path(model: str, kind: MediaKind) -> None:
    assert kind_of(model) is kind


@pytest.mark.parametrize(
    ("field", "room", "target", "refs", "placed"),
    [
        ("images", 10, "t", ["r1", "r2"], {"images": ["r1", "r2", "t"]}),
        ("images", 10, None, ["r1"], {"images": ["r1"]}),
        ("images", 10, "t", [], {"images": ["t"]}),
        ("images", 3, "t", ["r1", "r2", "r3"], {"images": ["r1", "r2", "t"]}),
        ("images", 3, None, ["r1", "r2", "r3", "r4"], {"images": ["r1", "r2", "r3"]}),
        ("images", 1, "t", ["r1"], {"images": ["t"]}),
        ("image", 1, "t", ["r1"], {"image": "t"}),
        ("image", 1, None, ["r1", "r2"], {"image": "r1"}),
        ("image", 1, None, [], {}),
        (None, 1, "t", ["r1"], {}),
    ],
)
def test_references_go_as_they_stand_then_the_target_which_is_never_left_out(
    field: str | None, room: int, target: str | None, refs: list[str], placed: dict[str, Any]
) -> None:
    assert place_pictures({"size": "1*1"}, field, room, target, refs) == {"size": "1*1"} | placed


def test_the_callers_own_pictures_are_left_alone() -> None:
    assert place_pictures({"images": ["mine"]}, "images", 10, "t", ["r"]) == {"images": ["mine"]}
    assert place_pictures({"images": []}, "images", 10, "t", []) == {"images": ["t"]}


def test_a_seed_is_sent_only_where_the_model_has_one_and_the_caller_gave_none() -> None:
    assert compose(QWEN, seed=7)["seed"] == 7
    assert compose(QWEN, {"seed": None}, seed=7)["seed"] == 7
    assert compose(QWEN, {"seed": 0}, seed=7)["seed"] == 0
    assert "seed" not in compose(QWEN)
    assert "seed" not in compose(EDIT, seed=7)
    assert "seed" not in compose(UNKNOWN, seed=7)


def test_defaults_fill_what_is_absent_and_replace_nothing() -> None:
    assert compose(KLING)["duration"] == 5
    assert compose(KLING, {"duration": 10})["duration"] == 10


def test_the_prompt_is_the_given_one_and_forbidden_inputs_are_dropped() -> None:
    inputs = {"prompt": "other", "enable_sync_mode": True, "enable_base64_output": True, "size": "1024*1024"}

    assert compose(UNKNOWN, inputs) == {"prompt": "a fox", "size": "1024*1024"}
    assert inputs["enable_sync_mode"] is True
