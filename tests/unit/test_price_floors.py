"""When a quoted price may be a minimum: which inputs a formula names, and which of them would be sent."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.catalogue.entries import Entry, known_models
from api.catalogue.floors import NOT_KNOWN, Judgement, formula_names, judge, price_movers
from promptmill.config.presets import compose_request
from promptmill.contracts.catalogue import InputType, ListedModel, ModelInput

NAMES = ("duration", "resolution", "size", "images", "image", "num_images", "prompt", "seed", "odd name")
PATH = "vendor/model"


def entry(formula: str | None, *inputs: ModelInput | str) -> Entry:
    told = tuple(ModelInput(each, InputType.INTEGER) if isinstance(each, str) else each for each in inputs)
    return known_models([ListedModel(PATH, "Model", formula=formula, inputs=told)])[PATH]


@pytest.mark.parametrize(
    ("formula", "found"),
    [
        ('{"total_price": base_price * duration / 5}', {"duration"}),
        ("base_price*duration", {"duration"}),
        ('resolution = "1080p" ? 2 : 1', {"resolution"}),
        ('($d := duration; {"total_price": $d * 2})', {"duration"}),
        ("$duration * 2", set()),
        ("inputs.duration", {"duration"}),
        ('inputs."duration"', {"duration"}),
        ("`odd name` * 2", {"odd name"}),
        ('$lookup({"size": 1}, resolution)', {"resolution"}),
        ('$lookup(inputs, "duration") * 2', {"duration"}),
        ("$lookup(inputs, 'duration') * 2", {"duration"}),
        ('mode = "image" ? 1 : 2', set()),
        ('$contains(mode, "image")', set()),
        ('{"duration": base_price}', set()),
        ("/* not duration */ base_price", set()),
        ("durations + my_duration + duration_2", set()),
        ('"a \\" duration" & size', {"size"}),
        ("$count(images) * 0.01 + (image ? 1 : 0)", {"images", "image"}),
        ("$length(prompt) / 1000", {"prompt"}),
        ('"never closed duration', {"duration"}),
        ("", set()),
    ],
)
def test_a_formula_names_inputs_by_their_paths(formula: str, found: set[str]) -> None:
    assert formula_names(formula, NAMES) == found


@given(st.text(alphabet="\"'`/*$.,()duration \\", max_size=200))
def test_no_formula_is_too_odd_to_be_read(formula: str) -> None:
    assert formula_names(formula, NAMES) <= set(NAMES)


def test_without_a_formula_the_well_known_inputs_move_the_price() -> None:
    assert price_movers(entry(None, "duration", "seed", "resolution")) == {"duration", "resolution"}


def test_with_a_formula_nothing_else_moves_the_price() -> None:
    assert price_movers(entry("base_price * duration", "duration", "resolution")) == {"duration"}


@pytest.mark.parametrize(
    ("body", "missing"),
    [
        ({}, ("duration", "resolution")),
        ({"duration": 5}, ("resolution",)),
        ({"duration": None, "resolution": ""}, ("duration", "resolution")),
        ({"duration": 0, "resolution": "720p"}, ()),
    ],
)
def test_what_moves_the_price_and_is_not_sent_is_missing(body: dict[str, Any], missing: tuple[str, ...]) -> None:
    found = judge(entry("duration * $lookup({}, resolution)", "duration", "resolution", "seed"), body)

    assert found == Judgement(floor=bool(missing), missing=missing)


@pytest.mark.parametrize(
    ("required", "body", "missing"),
    [
        (True, {}, ("images",)),
        (True, {"images": []}, ("images",)),
        (True, {"images": ["https://pictures.example/1.png"]}, ()),
        (False, {}, ()),
    ],
)
def test_a_required_picture_that_the_formula_names_is_missing(
    *, required: bool, body: dict[str, Any], missing: tuple[str, ...]
) -> None:
    pictures = ModelInput("images", InputType.JSON, required=required, pictures=3)

    assert judge(entry("$count(images) * base_price", pictures), body).missing == missing
    assert judge(entry("base_price", pictures), body).missing == ()


def test_of_a_model_that_nobody_tells_of_every_price_is_a_floor() -> None:
    unknown = Judgement(floor=True, missing=(), reason=NOT_KNOWN)

    assert judge(None, {"duration": 5}) == unknown
    assert judge(entry("base_price"), {}) == unknown, "WaveSpeed lists it, but nobody could read its inputs"


def test_what_a_preset_sends_by_itself_is_not_missing() -> None:
    model = "alibaba/wan-2.6/text-to-video"
    duration = ModelInput("duration", InputType.INTEGER)
    size = ModelInput("size", InputType.TEXT)
    listed = ListedModel(model, model, formula="duration * $lookup({}, size)", inputs=(duration, size))
    body = compose_request(model, {}, "a fox", 0)

    assert judge(known_models([listed])[model], body) == Judgement(floor=False)
    assert judge(known_models([listed])[model], {"prompt": "a fox"}).missing == ("duration", "size")
    assert judge(known_models([])[model], body) == Judgement(floor=False)


def test_a_preset_that_names_nothing_that_moves_the_price_is_a_floor_until_wavespeeds_list_tells_more() -> None:
    known = known_models(())["google/veo3.1-fast"]
    listed = ListedModel("google/veo3.1-fast", "Veo", formula="base_price", inputs=())

    assert judge(known, {"prompt": "a fox"}) == Judgement(floor=True, reason=NOT_KNOWN)
    assert judge(known_models([listed])["google/veo3.1-fast"], {"prompt": "a fox"}) == Judgement(floor=False)
