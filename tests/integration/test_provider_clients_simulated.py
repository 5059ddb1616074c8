"""Our clients against both simulators: what was requested is what was recorded and charged."""

from __future__ import annotations

from collections.abc import AsyncIterator
from decimal import Decimal
from typing import Any

import pytest
from pydantic import SecretStr

from promptmill.config.presets import compose_request, load_presets, place_pictures
from promptmill.contracts.errors import NothingSent, ProviderModelUnavailable, ProviderRefused, SubmitUnclear
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.grok.client import GrokClient, GrokQuestion, open_grok
from promptmill.providers.wavespeed.account import WaveSpeedAccount, open_wavespeed_account
from promptmill.providers.wavespeed.client import WaveSpeedClient, boottime, open_wavespeed
from promptmill.providers.wavespeed.predictions import Prediction
from tests.fixtures.simulators import ProviderSimulator
from tests.simulator_control import SimulatorControl
from tests.support import eventually

MODEL = "bytedance/seedream-v4"
BODY: dict[str, Any] = {"prompt": "a red fox", "size": "1024*1024"}
PICTURES = ("https://pictures.example/1.png", "https://pictures.example/2.png")
QUESTION = GrokQuestion(model="grok-4.3", system="You write prompts.", text="A fox.", picture_urls=PICTURES)


@pytest.fixture
async def wavespeed(wavespeed_simulator: ProviderSimulator, account: str) -> AsyncIterator[WaveSpeedClient]:
    async with open_wavespeed(wavespeed_simulator.url, SecretStr(account), submit_timeout_seconds=60) as client:
        yield client


@pytest.fixture
async def purse(wavespeed_simulator: ProviderSimulator, account: str) -> AsyncIterator[WaveSpeedAccount]:
    async with open_wavespeed_account(wavespeed_simulator.url, SecretStr(account)) as client:
        yield client


@pytest.fixture
async def grok(grok_simulator: ProviderSimulator, account: str) -> AsyncIterator[GrokClient]:
    async with open_grok(grok_simulator.url, SecretStr(account), timeout_seconds=60) as client:
        yield client


async def finished(client: WaveSpeedClient, prediction_id: str) -> Prediction:
    async def read() -> Prediction | None:
        found = await client.result(prediction_id)
        return found if found.finished else None

    found = await eventually(read, what="the prediction's end")
    assert found is not None
    return found


async def test_a_submission_is_charged_once_and_its_outputs_are_read(
    wavespeed: WaveSpeedClient, wavespeed_control: SimulatorControl
) -> None:
    prediction_id = await wavespeed.submit(MODEL, BODY, post_by=boottime() + 20)

    found = await finished(wavespeed, prediction_id)

    assert found.status == "completed"
    assert found.id == prediction_id
    assert found.model == MODEL
    assert [output.url is not None for output in found.outputs] == [True]
    assert found.outputs[0].expires_at is not None
    assert [charge["id"] for charge in await wavespeed_control.charges()] == [prediction_id]


@pytest.mark.parametrize("kind", ["cut", "reset"])
@pytest.mark.parametrize("after", [False, True])
async def test_a_cut_submission_is_unclear_whether_it_was_charged_or_not(
    wavespeed: WaveSpeedClient, wavespeed_control: SimulatorControl, kind: str, *, after: bool
) -> None:
    """The client cannot know, which is why nothing repeats it."""
    await wavespeed_control.order("submit", kind, after=after)

    with pytest.raises(SubmitUnclear):
        await wavespeed.submit(MODEL, BODY, post_by=boottime() + 20)

    assert len(await wavespeed_control.requests("submit")) == 1
    assert len(await wavespeed_control.charges()) == int(after)


async def test_a_submission_after_its_time_is_not_even_seen(
    wavespeed: WaveSpeedClient, wavespeed_control: SimulatorControl
) -> None:
    with pytest.raises(NothingSent):
        await wavespeed.submit(MODEL, BODY, post_by=boottime() - 1)

    assert await wavespeed_control.requests("submit") == []


async def test_an_unknown_prediction_is_gone(wavespeed: WaveSpeedClient) -> None:
    with pytest.raises(ProviderRefused) as raised:
        await wavespeed.result("0" * 32)

    assert raised.value.reason_code is ReasonCode.PREDICTION_GONE


@pytest.mark.parametrize(
    ("ending", "reason"),
    [
        ({"word": "failed", "code": 1200}, ReasonCode.GENERATION_MODERATED),
        ({"word": "failed", "code": 1402}, ReasonCode.GENERATION_INPUT_UNREACHABLE),
        ({"word": "failed", "code": 5000}, ReasonCode.GENERATION_UNAVAILABLE),
        ({"word": "cancelled"}, ReasonCode.GENERATION_STOPPED),
        ({"word": "timeout"}, ReasonCode.GENERATION_STOPPED),
        ({"word": "deleted"}, ReasonCode.GENERATION_STOPPED),
    ],
)
async def test_each_bad_end_has_its_reason(
    wavespeed: WaveSpeedClient, wavespeed_control: SimulatorControl, ending: dict[str, Any], reason: ReasonCode
) -> None:
    await wavespeed_control.order("submit", "ending", **ending)
    prediction_id = await wavespeed.submit(MODEL, BODY, post_by=boottime() + 20)

    found = await finished(wavespeed, prediction_id)

    assert found.reason_code is reason


@pytest.mark.parametrize("model", load_presets())
async def test_every_presets_request_is_accepted_and_priced_as_charged(
    wavespeed: WaveSpeedClient, purse: WaveSpeedAccount, wavespeed_control: SimulatorControl, model: str
) -> None:
    preset = load_presets()[model]
    pictures = place_pictures({}, preset.pictures_field, preset.max_pictures, PICTURES[0], (PICTURES[1],))
    body = compose_request(model, pictures, "a red fox", 7)

    price = (await purse.quote(model, body)).usd
    await wavespeed.submit(model, body, post_by=boottime() + 20)

    [charge] = await wavespeed_control.charges()
    assert price == Decimal(charge["usd"])


async def test_the_balance_falls_by_what_was_charged(
    wavespeed: WaveSpeedClient, purse: WaveSpeedAccount, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_credit("1.5")
    await wavespeed.submit(MODEL, BODY, post_by=boottime() + 20)

    [charge] = await wavespeed_control.charges()
    assert await purse.balance() == Decimal("1.5") - Decimal(charge["usd"])


async def test_an_empty_account_is_refused_for_its_credit(
    wavespeed: WaveSpeedClient, wavespeed_control: SimulatorControl
) -> None:
    await wavespeed_control.set_credit("0")

    with pytest.raises(ProviderRefused) as raised:
        await wavespeed.submit(MODEL, BODY, post_by=boottime() + 20)

    assert raised.value.reason_code is ReasonCode.WAVESPEED_NO_CREDIT


async def test_grok_writes_a_prompt_and_says_what_it_cost(grok: GrokClient, grok_control: SimulatorControl) -> None:
    answer = await grok.write(QUESTION)

    [charge] = await grok_control.charges()
    assert answer.prompt
    assert answer.model == "grok-4.3"
    assert answer.cost_usd == Decimal(charge["usd"])
    assert answer.output_tokens is not None
    assert answer.output_tokens > 0


async def test_an_unknown_model_leaves_others_to_be_asked(grok: GrokClient) -> None:
    with pytest.raises(ProviderModelUnavailable):
        await grok.write(QUESTION.model_copy(update={"model": "grok-0"}))


async def test_a_picture_that_is_no_picture_is_refused_as_such(grok: GrokClient) -> None:
    with pytest.raises(ProviderRefused) as raised:
        await grok.write(QUESTION.model_copy(update={"picture_urls": ("data:image/png;base64,AAAA",)}))

    assert raised.value.reason_code is ReasonCode.GROK_BAD_PICTURE


@pytest.mark.parametrize(
    ("beginning", "reason"),
    [("bad-", ReasonCode.GROK_BAD_KEY), ("blocked-", ReasonCode.GROK_BAD_KEY), ("poor-", ReasonCode.GROK_NO_CREDIT)],
)
async def test_a_key_that_xai_does_not_take_is_refused_for_its_reason(
    grok_simulator: ProviderSimulator, account: str, beginning: str, reason: ReasonCode
) -> None:
    key = SecretStr(beginning + account)
    async with open_grok(grok_simulator.url, key, timeout_seconds=60) as grok:
        with pytest.raises(ProviderRefused) as raised:
            await grok.write(QUESTION)

    assert raised.value.reason_code is reason


@pytest.mark.parametrize(("beginning", "ok"), [("", True), ("bad-", False), ("blocked-", False)])
async def test_the_key_check_tells_good_keys_from_others(
    grok_simulator: ProviderSimulator, account: str, beginning: str, *, ok: bool
) -> None:
    async with open_grok(grok_simulator.url, SecretStr(beginning + account), timeout_seconds=60) as grok:
        assert (await grok.check_key()).ok is ok


async def test_the_default_models_are_listed(grok: GrokClient) -> None:
    assert {"grok-4.20-0309-non-reasoning", "grok-4.3"} <= set(await grok.models())
