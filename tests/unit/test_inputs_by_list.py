"""How a request is checked against WaveSpeed's list: the model, unknown inputs, ranges, choices, missing inputs."""

from __future__ import annotations

import time
from typing import Any

import pytest

from api.catalogue.entries import known_models
from api.catalogue.reading import Catalogue, Models
from api.clock import now
from api.http.errors import MAX_ERRORS, Refused
from api.jobs.inputs import refusal_by_list
from api.schemas.jobs import CreateJob
from promptmill.contracts.catalogue import MAX_INPUTS, Control, InputType, ListedModel, ModelInput
from promptmill.contracts.errors import ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode

MODEL = "vendor/everything"
PRESET = "bytedance/seedream-v4"
INPUTS = (
    ModelInput("prompt", InputType.TEXT, required=True),
    ModelInput("images", InputType.JSON, required=True, pictures=4),
    ModelInput("size", InputType.TEXT, minimum=256, maximum=2048, control=Control.SIZE),
    ModelInput("num_images", InputType.INTEGER, minimum=1, maximum=4, default=1, required=True),
    ModelInput("weight", InputType.NUMBER, minimum=0, maximum=2),
    ModelInput("style", InputType.CHOICE, choices=("poster", "comic"), required=True),
    ModelInput("duration", InputType.CHOICE, choices=(5, 10)),
    ModelInput("caption", InputType.TEXT, max_length=5),
    ModelInput("transparent", InputType.BOOLEAN),
    ModelInput("layers", InputType.JSON),
    ModelInput(
        "tags", InputType.JSON, control=Control.CHOICES, item_choices=("calm", "loud"), min_items=2, max_items=2
    ),
    ModelInput("frames", InputType.JSON, control=Control.MEDIA_LIST, max_items=1),
    ModelInput(
        "loras",
        InputType.JSON,
        control=Control.LORAS,
        parts=(
            ModelInput("path", InputType.TEXT, required=True),
            ModelInput("scale", InputType.NUMBER, minimum=0, maximum=4),
        ),
    ),
)
LISTED = (
    ListedModel(MODEL, "Everything", inputs=INPUTS),
    ListedModel("vendor/no-schema", "No schema"),
    ListedModel(
        "vendor/long-schema", "Long", inputs=tuple(ModelInput(f"i{n}", InputType.JSON) for n in range(MAX_INPUTS))
    ),
)
MODELS = Models(known_models(LISTED), "wavespeed", now())
GOOD: dict[str, Any] = {"images": ["https://pictures.example/a.png"], "style": "comic"}


def refused(
    inputs: dict[str, Any], *, model: str = MODEL, whole: bool = True, models: Models = MODELS, **fields: Any
) -> dict[str, str]:
    """Return the pointers of a refusal, with their messages; empty if there is none."""
    request = CreateJob.model_validate({"model": model, "prompt": "a fox", "input": inputs} | fields)
    refusal = refusal_by_list(request, inputs, models, whole=whole)
    return {error.pointer: error.message for error in refusal.errors} if isinstance(refusal, Refused) else {}


@pytest.mark.parametrize(
    "inputs",
    [
        {},
        {"size": "1024*1024", "num_images": 4, "weight": 0.5, "duration": 5, "caption": "hello", "transparent": False},
        {"size": "auto", "num_images": 2.0, "weight": 2, "layers": [{"path": "x"}], "caption": None},
        {"tags": [], "frames": [], "loras": [{"path": "a/b", "scale": 4, "other": 1}]},
    ],
)
def test_what_the_schema_knows_is_let_pass(inputs: dict[str, Any]) -> None:
    assert refused(GOOD | inputs) == {}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("num_image", 2, "Unknown field. Did you mean num_images?"),
        ("numImages", 2, "Unknown field. Did you mean num_images?"),
        ("num_images", 5, "Must be at most 4."),
        ("num_images", 0, "Must be at least 1."),
        ("num_images", 2**70, "Must be at most 4."),
        ("num_images", 1.5, "Must be a whole number."),
        ("num_images", "2", "Must be a number."),
        ("num_images", True, "Must be a number."),
        ("weight", 2.01, "Must be at most 2."),
        ("style", "oil", "Must be one of poster, comic."),
        ("duration", 7, "Must be one of 5, 10."),
        ("duration", "5", "Must be one of 5, 10."),
        ("caption", "longer", "Must have at most 5 characters."),
        ("caption", 5, "Must be a text."),
        ("transparent", "yes", "Must be true or false."),
        ("size", "128*1024", "Each side must be at least 256."),
        ("size", "1024*4096", "Each side must be at most 2048."),
        ("images", [], "This model needs an image: a target or a reference."),
        ("tags", "calm", "Must be a list."),
        ("tags", ["calm"], "Must have at least 2 entries."),
        ("tags", ["calm", "odd"], "Entry 2: Must be one of calm, loud."),
        ("frames", ["https://a.example/1", "https://a.example/2"], "Must have at most 1 entry."),
        ("frames", [7], "Entry 1: Must be a text."),
        ("loras", ["a"], "Entry 1: Must be an object."),
        ("loras", [{"scale": 1}], "Entry 1: “path” is missing."),
        ("loras", [{"path": "a/b", "scale": 5}], "Entry 1: “scale”: Must be at most 4."),
        ("style", None, "This model needs it."),
        ("style", " ", "Must be one of poster, comic."),
    ],
)
def test_what_the_schema_does_not_allow_is_refused_with_a_pointer(name: str, value: Any, message: str) -> None:
    assert refused(GOOD | {name: value})[f"/input/{name}"] == message


def test_while_a_form_is_filled_in_some_inputs_may_still_be_missing() -> None:
    assert refused({}, whole=False) == {}
    assert refused({"style": "oil"}, whole=False) == {"/input/style": "Must be one of poster, comic."}


def test_a_model_that_the_list_does_not_have_is_refused_with_the_nearest_path() -> None:
    assert refused({}, model="vendor/everythin") == {
        "/model": "WaveSpeed's list does not have this model. Did you mean vendor/everything?"
    }


@pytest.mark.parametrize("model", ["vendor/everythin", MODEL])
def test_who_knows_better_than_the_list_is_let_pass(model: str) -> None:
    assert refused({"new_input": 1}, model=model, allowUnknownModel=True) == {}


@pytest.mark.parametrize("model", ["vendor/no-schema", "vendor/long-schema", PRESET])
def test_where_the_schema_is_not_known_whole_wavespeed_judges(model: str) -> None:
    assert refused({"odd": 1}, model=model) == {}


def test_presets_alone_judge_nothing() -> None:
    assert refused({"odd": 1}, model="vendor/unheard-of", models=Models(known_models(()), "presets", None)) == {}


def test_what_a_preset_sends_is_never_unknown() -> None:
    listed = (ListedModel(PRESET + "/edit", "Edit", inputs=(ModelInput("prompt", InputType.TEXT),)),)
    models = Models(known_models(listed), "wavespeed", now())

    found = refused({"images": ["https://pictures.example/a.png"], "odd": 1}, model=PRESET + "/edit", models=models)

    assert found.keys() == {"/input/odd"}


def test_thousands_of_unknown_names_cost_little_and_give_a_short_answer() -> None:
    inputs = {f"n{number:05}": 1 for number in range(5_000)}
    used = time.process_time()

    found = refused(inputs)

    assert len(found) == MAX_ERRORS
    assert time.process_time() - used < 1


async def test_a_list_that_cannot_be_read_holds_nobody_up() -> None:
    async def away() -> tuple[ListedModel, ...]:
        raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, "away")

    models = await Catalogue(away, 3600).look()

    assert refused({"odd": 1}, model="vendor/unheard-of", models=models) == {}
