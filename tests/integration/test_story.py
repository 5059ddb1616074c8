"""One job from acceptance to its end, on real servers."""

from __future__ import annotations

from decimal import Decimal

from temporalio.client import WorkflowExecutionStatus

from promptmill.contracts.jobs import JobResult
from promptmill.contracts.prompts import PromptSource
from tests.fixtures.mill import EDIT_MODEL, Mill


async def test_grok_writes_the_prompt_and_wavespeed_makes_the_picture_once(mill: Mill) -> None:
    job_id = await mill.create(use_ai_prompt=True)

    row = await mill.reaches(job_id, "completed")

    assert row.prompt_source == PromptSource.GROK
    assert row.prompt
    assert row.prompt_cost_usd is not None
    assert row.media_cost_usd is not None
    assert row.outputs[0]["url"].startswith("http")
    [submit] = await mill.wavespeed.requests("submit")
    assert submit["body"]["prompt"] == row.prompt
    [charge] = await mill.wavespeed.charges()
    assert charge["id"] == row.prediction_id
    assert len(await mill.grok.charges()) == 1


async def test_record_and_temporal_tell_the_same_story(mill: Mill) -> None:
    job_id = await mill.create(use_ai_prompt=True)
    row = await mill.reaches(job_id, "completed")

    result = JobResult.model_validate(await mill.handle(job_id).result())
    description = await mill.handle(job_id).describe()

    assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED
    assert (result.status, result.prediction_id, result.prompt) == ("completed", row.prediction_id, row.prompt)
    assert [output.url for output in result.outputs] == [output["url"] for output in row.outputs]
    attributes = {pair.key.name: pair.value for pair in description.typed_search_attributes}
    assert attributes["JobStatus"] == "completed"
    assert (attributes["Model"], attributes["Owner"], attributes["Priority"]) == (row.model, "local", 5)
    assert await description.static_summary()


async def test_every_stage_leaves_an_event(mill: Mill) -> None:
    job_id = await mill.create(use_ai_prompt=True)
    await mill.reaches(job_id, "completed")

    statuses = [status for status, _ in await mill.events(job_id)]

    seen = [status for i, status in enumerate(statuses) if i == 0 or statuses[i - 1] != status]
    assert seen == ["queued", "prompting", "dispatching", "generating", "completed"]


async def test_a_given_prompt_goes_to_wavespeed_without_grok(mill: Mill) -> None:
    job_id = await mill.create(prompt="A red fox in the snow")

    row = await mill.reaches(job_id, "completed")

    assert (row.prompt, row.prompt_source) == ("A red fox in the snow", PromptSource.CALLER)
    assert await mill.grok.requests("chat") == []
    assert row.prompt_cost_usd is None


async def test_pictures_reach_grok_and_the_model_with_the_target_last(mill: Mill) -> None:
    refs = ("http://127.0.0.1/a.png", "http://127.0.0.1/b.png")
    job_id = await mill.create(
        use_ai_prompt=True, model=EDIT_MODEL, input={}, ref_urls=refs, target_url="http://127.0.0.1/target.png"
    )

    await mill.reaches(job_id, "completed")

    wanted = [*refs, "http://127.0.0.1/target.png"]
    [chat] = await mill.grok.requests("chat")
    user = chat["body"]["messages"][-1]["content"]
    assert user[0]["type"] == "text"
    assert [part["image_url"]["url"] for part in user[1:]] == wanted
    [submit] = await mill.wavespeed.requests("submit")
    assert submit["body"]["images"] == wanted


async def test_the_cost_is_what_wavespeed_quotes(mill: Mill) -> None:
    job_id = await mill.create()
    row = await mill.reaches(job_id, "completed")

    [charge] = await mill.wavespeed.charges()

    assert row.media_cost_source == "quoted"
    assert row.media_cost_usd == Decimal(charge["usd"])


async def test_a_prompt_job_alone_pays_nothing_at_wavespeed(mill: Mill) -> None:
    prompt_job_id = await mill.create_prompt(instructions="A lighthouse in a storm")

    row = await mill.prompt_reaches(prompt_job_id, "completed")

    assert row.generated_prompt
    assert (row.prompt_source, row.retry_count) == (PromptSource.GROK, 0)
    assert row.input_tokens
    assert row.output_tokens
    assert row.cost_usd
    assert await mill.closes(mill.prompt_handle(prompt_job_id)) is WorkflowExecutionStatus.COMPLETED
    assert await mill.wavespeed.requests("submit") == []


async def test_the_history_of_a_job_stays_short(mill: Mill) -> None:
    """Each event is work for Temporal: 32 before; two timers, and two for `patched`, remain beside the steps."""
    job_id = await mill.create(use_ai_prompt=True)
    await mill.reaches(job_id, "completed")
    await mill.closes(mill.handle(job_id))

    names = await mill.history(job_id)

    assert names.count("TIMER_STARTED") == 2
    assert names.count("TIMER_CANCELED") == 0
    assert len(names) == 27, names
