"""Where acceptance puts a job's images, how it reports those that WaveSpeed does not get, and when it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from api.catalogue.reading import RETRY_SECONDS, Catalogue
from api.jobs.pictures import Placement, placed
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from promptmill.contracts.catalogue import InputType, ListedModel, ModelInput
from promptmill.contracts.errors import ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode

TARGET, *REFS = (f"https://pictures.example/{number}.png" for number in range(6))

QWEN = "wavespeed-ai/qwen-image/edit"
KLING = "kwaivgi/kling-v2.5-turbo-pro/image-to-video"
TEXT_ONLY = "bytedance/seedream-v4.5"
LIST_TAKER = "vendor/takes-a-list"
ONE_TAKER = "vendor/takes-one"
NO_TAKER = "vendor/takes-none"
UNKNOWN = "vendor/unheard-of"

LISTED = (
    ListedModel(LIST_TAKER, "List", inputs=(ModelInput("images", InputType.JSON, pictures=4),)),
    ListedModel(ONE_TAKER, "One", inputs=(ModelInput("image", InputType.TEXT, pictures=1),)),
    ListedModel(NO_TAKER, "None", inputs=(ModelInput("size", InputType.TEXT),)),
)


async def wavespeeds_list() -> Sequence[ListedModel]:
    return LISTED


async def no_list() -> Sequence[ListedModel]:
    raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, "WaveSpeed does not answer.")


async def place(
    model: str, target: str | None = None, refs: Sequence[str] = (), fetch: Any = wavespeeds_list, **fields: Any
) -> Placement:
    asked = {"model": model, "prompt": "a fox", "targetUrl": target, "refUrls": [*refs]} | fields
    request = CreateJob.model_validate(asked)
    return await placed(request, Catalogue(fetch, 3600), for_grok=request.use_ai_prompt)


@pytest.mark.parametrize(
    ("model", "target", "refs", "placed_input"),
    [
        (QWEN, TARGET, REFS[:2], {"images": [*REFS[:2], TARGET]}),
        (QWEN, None, REFS[:1], {"images": REFS[:1]}),
        (KLING, TARGET, [], {"image": TARGET}),
        (KLING, None, REFS[:1], {"image": REFS[0]}),
        (LIST_TAKER, TARGET, REFS[:3], {"images": [*REFS[:3], TARGET]}),
        (ONE_TAKER, TARGET, [], {"image": TARGET}),
    ],
)
async def test_pictures_that_fit_go_into_the_field_that_preset_or_list_name(
    model: str, target: str | None, refs: list[str], placed_input: dict[str, Any]
) -> None:
    assert await place(model, target, refs) == Placement(placed_input)
    assert await place(model, target, refs, useAiPrompt=True) == Placement(placed_input)


@pytest.mark.parametrize(
    ("model", "target", "refs", "message"),
    [
        (QWEN, TARGET, REFS[:3], f"{QWEN} takes 3 images at most; target and references are 4."),
        (LIST_TAKER, None, REFS[:5], f"{LIST_TAKER} takes 4 images at most; target and references are 5."),
        (KLING, None, REFS[:2], f"{KLING} takes one image at most; target and references are 2."),
        (ONE_TAKER, None, REFS[:2], f"{ONE_TAKER} takes one image at most; target and references are 2."),
    ],
)
async def test_more_than_the_model_takes_are_refused_with_the_limit(
    model: str, target: str | None, refs: list[str], message: str
) -> None:
    refusal = (await place(model, target, refs)).refusal

    assert refusal is not None
    assert (refusal.status_code, [(one.pointer, one.message) for one in refusal.errors]) == (
        422,
        [("/refUrls", message)],
    )


@pytest.mark.parametrize(
    ("model", "target", "refs", "placed_input", "warning"),
    [
        (
            QWEN,
            TARGET,
            REFS[:4],
            {"images": [*REFS[:2], TARGET]},
            f"The references after the first 2 go to Grok only: {QWEN} takes 3 images.",
        ),
        (
            ONE_TAKER,
            None,
            REFS[:2],
            {"image": REFS[0]},
            f"The references after the first go to Grok only: {ONE_TAKER} takes one image.",
        ),
        (
            KLING,
            TARGET,
            REFS[:2],
            {"image": TARGET},
            f"The references go to Grok only: {KLING} takes one image, which is the target.",
        ),
    ],
)
async def test_with_grok_those_that_do_not_fit_are_its_alone_and_that_is_said(
    model: str, target: str | None, refs: list[str], placed_input: dict[str, Any], warning: str
) -> None:
    assert await place(model, target, refs, useAiPrompt=True) == Placement(placed_input, (warning,))


async def test_beside_the_target_of_a_model_that_takes_one_references_are_not_used_and_that_is_said() -> None:
    warning = f"The references are not used: {KLING} takes one image, which is the target."

    assert await place(KLING, TARGET, REFS[:1]) == Placement({"image": TARGET}, (warning,))


@pytest.mark.parametrize(
    ("model", "why"),
    [
        (UNKNOWN, "is not a known model"),
        (NO_TAKER, "has no known input for images"),
        (TEXT_ONLY, "has no known input for images"),
    ],
)
@pytest.mark.parametrize("where", ["go to Grok only", "are not used"])
async def test_where_no_field_is_known_pictures_are_put_nowhere_and_that_is_said(
    model: str, why: str, where: str
) -> None:
    warning = f"The images {where}: {model} {why}. Put images for WaveSpeed into input."

    found = await place(model, TARGET, REFS[:1], useAiPrompt="Grok" in where, input={"size": "1*1"})

    assert found == Placement({"size": "1*1"}, (warning,))


@pytest.mark.parametrize("model", [QWEN, LIST_TAKER])
async def test_what_stands_in_the_input_is_never_replaced(model: str) -> None:
    own = {"images": ["https://pictures.example/own.png"]}
    for_nobody = "The images are not used: input.images is already set."
    for_grok = "The images go to Grok only: input.images is already set."

    assert await place(model, TARGET, REFS, input=own) == Placement(own, (for_nobody,))
    assert await place(model, TARGET, REFS, input=own, useAiPrompt=True) == Placement(own, (for_grok,))


async def test_without_the_list_a_job_for_grok_goes_on_and_says_that_wavespeed_gets_no_picture() -> None:
    found = await place(LIST_TAKER, TARGET, fetch=no_list, useAiPrompt=True)

    assert (found.input, found.refusal) == ({}, None)
    [warning] = found.warnings
    assert "go to Grok only: WaveSpeed's models cannot be read now." in warning


async def test_without_the_list_a_job_that_would_be_paid_without_its_pictures_is_refused_for_now() -> None:
    found = await place(LIST_TAKER, TARGET, fetch=no_list)

    assert found.refusal is not None
    assert (found.refusal.code, found.refusal.headers) == (
        "provider_unavailable",
        {"Retry-After": f"{RETRY_SECONDS:.0f}"},
    )
    assert "put them into input" in str(found.refusal.detail)


async def test_without_the_list_presets_and_jobs_without_pictures_are_as_ever() -> None:
    assert await place(QWEN, TARGET, fetch=no_list) == Placement({"images": [TARGET]})
    assert await place(LIST_TAKER, fetch=no_list) == Placement({})


async def test_without_a_key_there_is_no_list_to_wait_for() -> None:
    found = await place(LIST_TAKER, TARGET, fetch=None)

    assert found.refusal is None
    assert "is not a known model" in found.warnings[0]


async def test_a_first_list_on_its_way_is_waited_for_and_not_without_end() -> None:
    may_come = asyncio.Event()

    async def slow() -> Sequence[ListedModel]:
        await may_come.wait()
        return LISTED

    # The clock says that the first caller's time is up.
    clock = iter(range(0, 1_000_000, 1_000))
    catalogue = Catalogue(slow, 3600, clock=lambda: float(next(clock)))
    with pytest.raises(ProviderUnavailable):
        await catalogue.find(LIST_TAKER, patience=0)
    waiting = asyncio.create_task(catalogue.find(LIST_TAKER, patience=60))
    await asyncio.sleep(0)
    may_come.set()

    entry = await waiting

    assert entry is not None
    assert entry.pictures_field == "images"
    await catalogue.close()


async def test_a_price_is_asked_for_the_same_inputs() -> None:
    for model, target, refs in ((QWEN, TARGET, REFS), (ONE_TAKER, None, REFS), (LIST_TAKER, TARGET, REFS[:2])):
        request = AskPrice.model_validate({"model": model, "targetUrl": target, "refUrls": refs})

        found = await placed(request, Catalogue(wavespeeds_list, 3600), for_grok=False)

        assert found.input == (await place(model, target, refs, useAiPrompt=True)).input
