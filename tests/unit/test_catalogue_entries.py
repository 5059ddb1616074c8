"""Our presets and WaveSpeed's list merged: which one wins where, in which order, as which fields."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from api.catalogue.entries import Known, known_models
from api.catalogue.views import model_answer, model_detail
from promptmill.config.presets import NEVER_SENT, load_presets
from promptmill.contracts.catalogue import InputType, ListedModel, ModelInput
from promptmill.contracts.jobs import MediaKind

FLUX = "wavespeed-ai/flux-dev"
SIZE = ModelInput("size", InputType.TEXT, description="Pixels.", default="512*512", minimum=128, maximum=2048)
SEED = ModelInput("seed", InputType.INTEGER, default=-1)
STEPS = ModelInput("steps", InputType.INTEGER, default=28, minimum=1, maximum=50)


def listed(model: str, *inputs: ModelInput, **more: Any) -> ListedModel:
    return ListedModel(model, **{"name": model, "inputs": inputs, **more})


def fields(*told: ListedModel, model: str = FLUX) -> dict[str, dict[str, Any]]:
    detail = model_detail(known_models(told)[model])
    return {each.name: each.model_dump(by_alias=True) for each in detail.fields}


def test_presets_stand_first_then_the_rest_by_wavespeeds_order_and_name() -> None:
    found = known_models(
        [
            listed("vendor/none"),
            listed("vendor/b", sort_order=2, name="b"),
            listed("vendor/a", sort_order=2, name="A"),
            listed("vendor/first", sort_order=1),
            listed(FLUX, sort_order=0, name="Another label"),
        ]
    )

    presets = list(load_presets())
    assert list(found) == [*presets, "vendor/first", "vendor/a", "vendor/b", "vendor/none"]
    assert (found[FLUX].label, found[FLUX].known) == ("FLUX dev", Known.BOTH)
    assert found["vendor/a"].known is Known.WAVESPEED
    assert found[presets[0]].known is Known.PRESET


def test_a_model_whose_name_is_only_its_path_is_called_by_the_path_in_words() -> None:
    paths = ("kwaivgi/kling-v2.5-turbo/image-to-video", "vendor/reel3-fast", "vendor/none")
    found = known_models([*(listed(path, name=path) for path in paths), listed("vendor/named", name="Its name")])

    labels = [found[path].label for path in (*paths, "vendor/named")]
    assert labels == ["Kling v2.5 Turbo, image to video", "Reel3 Fast", "None", "Its name"]


@pytest.mark.parametrize("path", ["four/parts/of/path", "one", "predictions/delete", "a/b?c", "a/ b"])
def test_a_listed_path_that_no_job_could_name_is_left_out(path: str) -> None:
    assert list(known_models([listed(path)])) == list(load_presets())


def test_the_schema_tells_fields_and_limits_the_preset_what_is_sent() -> None:
    found = fields(listed(FLUX, SIZE, STEPS, SEED))

    assert list(found) == ["size", "steps", "seed", "num_images"]
    assert found["size"]["default"] == "1024*1024"
    assert found["size"]["suggestions"] == list(load_presets()[FLUX].sizes)
    assert found["size"]["description"] == "Pixels. Each side from 128 up to 2048 pixels."
    assert (found["size"]["minimum"], found["size"]["choices"]) == (None, None)
    assert (found["steps"]["default"], found["steps"]["minimum"], found["steps"]["maximum"]) == (28, 1, 50)
    assert found["num_images"]["default"] == 1, "the preset sends it, though this schema does not tell of it"
    assert found["seed"]["default"] is None, "without one, a submission draws its own"


def test_limits_of_the_sides_are_the_schemas_where_it_tells_them() -> None:
    entry = known_models([listed(FLUX, SIZE)])[FLUX]
    silent = known_models([listed(FLUX, STEPS)])[FLUX]

    assert (entry.side_min, entry.side_max) == (128, 2048)
    assert (silent.side_min, silent.side_max) == (256, 1536)


def test_without_a_schema_the_preset_gives_the_same_shape() -> None:
    from_schema, own = fields(listed(FLUX, SIZE, STEPS)), fields()

    assert list(own) == ["size", "num_images", "seed"]
    assert {frozenset(each) for each in own.values()} == {frozenset(each) for each in from_schema.values()}
    assert (own["size"]["type"], own["size"]["suggestions"][0]) == ("text", "1024*1024")
    assert (own["num_images"]["type"], own["num_images"]["default"], own["num_images"]["minimum"]) == ("integer", 1, 1)
    assert own["seed"]["type"] == "integer"
    assert own["num_images"]["movesPrice"]
    assert fields(listed(FLUX)) == own, "a listed model without a schema that can be read"


def test_sizes_that_are_not_free_are_a_choice() -> None:
    found = fields(model="alibaba/wan-2.6/text-to-video")

    assert (found["size"]["type"], found["size"]["default"]) == ("choice", "1280*720")
    assert found["size"]["choices"] == ["1280*720", "720*1280", "1920*1080", "1080*1920"]
    assert (found["duration"]["type"], found["duration"]["default"]) == ("integer", 5)
    assert (found["size"]["suggestions"], found["size"]["movesPrice"]) == (None, True)


def test_what_has_a_place_of_its_own_is_no_field() -> None:
    inputs = [ModelInput(name, InputType.TEXT) for name in ("prompt", "image", *sorted(NEVER_SENT))]
    picture = ModelInput("images", InputType.JSON, pictures=3)

    assert list(fields(listed("vendor/x", *inputs, picture, STEPS), model="vendor/x")) == ["image", "steps"]
    assert "image" not in fields(listed(FLUX, *inputs))


@pytest.mark.parametrize(
    ("inputs", "field", "most"),
    [
        ([ModelInput("images", InputType.JSON, pictures=3)], "images", 3),
        ([ModelInput("image", InputType.TEXT, pictures=1)], "image", 1),
        (
            [ModelInput("image", InputType.TEXT, pictures=1), ModelInput("images", InputType.JSON, pictures=3)],
            "images",
            3,
        ),
        ([ModelInput("images", InputType.JSON)], None, 1),
        ([STEPS], None, 1),
    ],
)
def test_where_a_listed_model_takes_pictures_its_schema_tells(
    inputs: list[ModelInput], field: str | None, most: int
) -> None:
    entry = known_models([listed("vendor/x", *inputs)])["vendor/x"]

    assert (entry.pictures_field, entry.max_pictures) == (field, most)


def test_where_a_presets_pictures_go_the_preset_tells() -> None:
    """A submission puts them there, whatever else the schema has."""
    picture = ModelInput("image", InputType.TEXT, pictures=1)
    entry = known_models([listed("google/veo3.1-fast", picture)])["google/veo3.1-fast"]

    assert entry.pictures_field is None
    assert [each.name for each in entry.fields] == ["image"]


@pytest.mark.parametrize(
    ("told", "path", "kind"),
    [
        ("text-to-image", "vendor/x", MediaKind.IMAGE),
        ("image-to-video", "vendor/x", MediaKind.VIDEO),
        ("text-to-audio", "vendor/x", MediaKind.AUDIO),
        ("image-to-3d", "vendor/x", MediaKind.IMAGE),
        ("", "vendor/x-video", MediaKind.VIDEO),
    ],
)
def test_what_a_listed_model_makes_its_type_tells_else_its_path(told: str, path: str, kind: MediaKind) -> None:
    assert known_models([listed(path, type=told)])[path].kind is kind


def test_a_list_has_no_schemas_in_it() -> None:
    many = [listed(f"vendor/model-{number}", SIZE, STEPS, base_price=Decimal("0.03")) for number in range(1000)]
    answers = [model_answer(entry) for entry in known_models(many).values()]

    assert sum(len(answer.model_dump_json(by_alias=True)) for answer in answers) < 400_000
    assert answers[-1].base_price_usd == 0.03
