"""The `openai` client, unchanged, cannot tell the simulator from xAI's chat completions.

It is imported by a fixture: that takes half a second of CPU time, and every session collects this file.
"""

from __future__ import annotations

import base64
import io
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

import pytest
from PIL import Image
from pydantic import BaseModel, Field

from tests.fixtures.simulators import ProviderSimulator
from tests.simulator_control import SimulatorControl

if TYPE_CHECKING:
    from openai import AsyncOpenAI
    from openai.types.chat import ChatCompletionMessageParam

MODEL = "grok-4.20-non-reasoning"
QUESTION: list[ChatCompletionMessageParam] = [
    {"role": "system", "content": "Write prompts."},
    {"role": "user", "content": "a red fox in snow"},
]


class Answer(BaseModel):
    """The requested structure."""

    prompt: str


class Both(BaseModel):
    """A prompt and what must not be seen."""

    prompt: str
    negativePrompt: str  # noqa: N815  # as our own client asks for it


class Answers(BaseModel):
    """Three of them."""

    prompts: Annotated[list[Both], Field(min_length=3)]


@pytest.fixture(scope="module")
def openai() -> Any:
    import openai  # noqa: PLC0415

    return openai


@pytest.fixture
async def sdk(openai: Any, grok_simulator: ProviderSimulator, account: str) -> AsyncIterator[AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key=account, base_url=f"{grok_simulator.url}/v1", max_retries=0) as client:
        yield client


async def test_openai_completes_a_chat(sdk: AsyncOpenAI) -> None:
    answer = await sdk.chat.completions.create(model=MODEL, messages=QUESTION)

    assert answer.model == "grok-4.20-0309-non-reasoning"
    assert answer.choices[0].finish_reason == "stop"
    assert "red fox in snow" in (answer.choices[0].message.content or "")


async def test_openai_parses_a_structured_answer(sdk: AsyncOpenAI, grok_control: SimulatorControl) -> None:
    answer = await sdk.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Answer)

    assert answer.choices[0].message.parsed is not None
    assert "red fox in snow" in answer.choices[0].message.parsed.prompt
    assert [charge["id"] for charge in await grok_control.charges()] == [answer.id]


async def test_openai_parses_several_prompts_for_a_picture(sdk: AsyncOpenAI, grok_control: SimulatorControl) -> None:
    """One question, paid once: each prompt is another one, and what the picture shows is in all of them."""
    file = io.BytesIO()
    Image.new("RGB", (80, 40), (60, 100, 180)).save(file, "PNG")
    data = f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
    content: Any = [{"type": "text", "text": "Images: the target."}, {"type": "image_url", "image_url": {"url": data}}]

    answer = await sdk.chat.completions.parse(
        model=MODEL, messages=[QUESTION[0], {"role": "user", "content": content}], response_format=Answers
    )

    parsed = answer.choices[0].message.parsed
    assert parsed is not None
    assert len({one.prompt for one in parsed.prompts}) == 3
    assert all(one.prompt.startswith("A wide picture, mostly blue. ") for one in parsed.prompts)
    assert all("blurry" in one.negativePrompt for one in parsed.prompts)
    assert [charge["id"] for charge in await grok_control.charges()] == [answer.id]


async def test_openai_lists_the_models(sdk: AsyncOpenAI) -> None:
    names = [model.id async for model in sdk.models.list()]

    assert {"grok-4.3", "grok-4.20-0309-non-reasoning"} <= set(names)


async def test_openai_raises_its_own_errors(openai: Any, sdk: AsyncOpenAI, grok_control: SimulatorControl) -> None:
    expected = {
        400: openai.BadRequestError,
        401: openai.AuthenticationError,
        403: openai.PermissionDeniedError,
        404: openai.NotFoundError,
        422: openai.UnprocessableEntityError,
        429: openai.RateLimitError,
        503: openai.InternalServerError,
    }
    for status, error in expected.items():
        await grok_control.order("chat", "status", status=status, nested=True)
        with pytest.raises(error):
            await sdk.chat.completions.create(model=MODEL, messages=QUESTION)
    assert await grok_control.charges() == []


async def test_openai_raises_a_connection_error_when_cut(
    openai: Any, sdk: AsyncOpenAI, grok_control: SimulatorControl
) -> None:
    await grok_control.order("chat", "cut", after=True)

    with pytest.raises(openai.APIConnectionError):
        await sdk.chat.completions.create(model=MODEL, messages=QUESTION)
    assert len(await grok_control.charges()) == 1


async def test_openai_pays_again_for_what_it_repeats(sdk: AsyncOpenAI, grok_control: SimulatorControl) -> None:
    """Why our own client never retries: the same request, answered once, was charged three times."""
    await grok_control.order("chat", "cut", after=True, times=2)

    answer = await sdk.with_options(max_retries=2).chat.completions.create(model=MODEL, messages=QUESTION)

    assert answer.choices
    assert len(await grok_control.charges()) == 3


async def test_openai_obeys_should_retry(openai: Any, sdk: AsyncOpenAI, grok_control: SimulatorControl) -> None:
    await grok_control.order("chat", "status", status=503, should_retry=False, times=5)

    with pytest.raises(openai.InternalServerError):
        await sdk.with_options(max_retries=3).chat.completions.create(model=MODEL, messages=QUESTION)
    assert len(await grok_control.requests("chat")) == 1


async def test_openai_sees_a_cut_structured_answer(
    openai: Any, sdk: AsyncOpenAI, grok_control: SimulatorControl
) -> None:
    await grok_control.order("chat", "cut_json")

    with pytest.raises(openai.LengthFinishReasonError):
        await sdk.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Answer)


async def test_openai_sees_a_refusal(sdk: AsyncOpenAI, grok_control: SimulatorControl) -> None:
    await grok_control.order("chat", "refusal", message="No foxes.")

    answer = await sdk.chat.completions.parse(model=MODEL, messages=QUESTION, response_format=Answer)

    assert (answer.choices[0].message.refusal, answer.choices[0].message.parsed) == ("No foxes.", None)


async def test_streaming_is_not_simulated(openai: Any, sdk: AsyncOpenAI) -> None:
    with pytest.raises(openai.InternalServerError) as refused:
        await sdk.chat.completions.create(model=MODEL, messages=QUESTION, stream=True)
    assert refused.value.status_code == 501
    assert json.loads(refused.value.response.text)["code"] == "unimplemented"
