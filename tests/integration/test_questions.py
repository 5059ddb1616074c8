"""Questions to Grok over HTTP: style, variants, description; which variant a job took; and styles of one's own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import httpx
import pytest

from promptmill.contracts.errors import RecordError
from promptmill.contracts.jobs import JobChange, JobStatus, Output
from promptmill.contracts.styles import BUILT_IN, MOST_STYLES
from promptmill.store import Store
from promptmill.store.migrations import downgrade
from tests.fixtures.access import bearer, make_key
from tests.fixtures.mill import IMAGE_MODEL, Mill
from tests.fixtures.record import Record

QUEUE = "/api/prompt/queue"
STYLES = "/api/prompt-styles"
CREATE = "/api/jobs/create"
VIDEO_MODEL = "google/veo3.1-fast"
"""One that takes a negative prompt."""

OUTPUT = Output(index=0, kind="image", url="https://example.com/a.png")


async def ask(mill: Mill, client: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    """Ask, and return the prompt job as it is once it has ended."""
    asked = await client.post(QUEUE, json={"instructions": "a fox"} | fields)
    assert asked.status_code == 202, asked.text
    await mill.prompt_reaches(UUID(asked.json()["promptJobId"]), "completed")
    told: dict[str, Any] = (await client.get(asked.headers["location"])).json()
    return told


async def test_one_paid_question_gives_variants_and_a_job_says_which_it_took(
    mill: Mill, api_client: httpx.AsyncClient
) -> None:
    await api_client.put(f"{STYLES}/House style", json={"wording": "Calm, and much sky."})
    wanted = {"style": "House style", "length": "long", "language": "German", "wantedVariants": 3}
    told = await ask(mill, api_client, **wanted, targetModel=VIDEO_MODEL)
    texts = [one["prompt"] for one in told["variants"]]

    [request] = await mill.grok.requests("chat")
    system = request["body"]["messages"][0]["content"]
    for words in (
        f"the model {VIDEO_MODEL}, which makes video output",
        "Write 3 prompts",
        "in German, of at most 300 words",
        "Calm, and much sky.",
        "negativePrompt",
    ):
        assert words in system, system
    assert len(set(texts)) == 3
    assert texts[0] == told["generatedPrompt"]
    assert all("blurry" in one["negativePrompt"] for one in told["variants"])
    assert {name: told[name] for name in wanted} == wanted
    assert (told["targetModel"], told["targetKind"]) == (VIDEO_MODEL, "video")
    assert len(await mill.grok.charges()) == 1, "one question, paid once"
    assert told["promptCostUsd"] > 0

    plain = {"model": IMAGE_MODEL, "promptJobId": told["promptJobId"]}
    taken = (await api_client.post(CREATE, json=plain | {"variant": 1})).json()
    edited = (await api_client.post(CREATE, json=plain | {"variant": 2, "prompt": f"{texts[2]} At night."})).json()
    other = await api_client.post(CREATE, json=plain | {"variant": 3})
    alone = await api_client.post(CREATE, json={"model": IMAGE_MODEL, "prompt": "x", "variant": 0})

    assert (taken["prompt"], taken["promptSource"], taken["variant"]) == (texts[1], "grok", 1)
    assert (edited["promptSource"], edited["variant"], edited["style"]) == ("edited", 2, "House style")
    assert [answer.json()["errors"][0]["pointer"] for answer in (other, alone)] == ["/variant", "/variant"]
    assert "3 variants" in other.json()["detail"]


async def test_fewer_variants_are_taken_and_none_is_a_failure_that_names_the_charge(
    mill: Mill, api_client: httpx.AsyncClient
) -> None:
    await mill.grok.order("chat", "same_variants")
    fewer = await ask(mill, api_client, wantedVariants=4)
    assert (len(fewer["variants"]), fewer["wantedVariants"]) == (1, 4)

    await mill.grok.order("chat", "empty_variants", times=20)
    asked = (await api_client.post(QUEUE, json={"instructions": "a fox", "wantedVariants": 2})).json()
    failed = await mill.prompt_reaches(UUID(asked["promptJobId"]), "failed")
    assert failed.error == "Grok's response contains no valid prompt, and xAI has charged for it."
    assert failed.cost_usd
    assert failed.variants == []


async def test_a_picture_is_described(mill: Mill, api_client: httpx.AsyncClient) -> None:
    picture = "https://example.com/fox.png"
    told = await ask(mill, api_client, operation="describe", instructions=None, targetUrl=picture)
    [request] = await mill.grok.requests("chat")
    wrong = [
        await api_client.post(QUEUE, json={"operation": "describe"} | more)
        for more in ({"instructions": "x"}, {"targetUrl": picture, "prompt": "x"})
    ]

    assert "describe only what can be seen" in request["body"]["messages"][0]["content"]
    assert request["body"]["messages"][1]["content"][-1] == {"type": "image_url", "image_url": {"url": picture}}
    assert told["generatedPrompt"].startswith("The subject of the picture.")
    assert [answer.json()["errors"][0]["pointer"] for answer in wrong] == ["/targetUrl", "/operation"]


async def test_a_job_whose_prompt_grok_writes_first_has_a_style_too(mill: Mill, api_client: httpx.AsyncClient) -> None:
    body = {"model": IMAGE_MODEL, "useAiPrompt": True, "instructions": "a fox", "style": "anime"}
    job = (await api_client.post(CREATE, json=body | {"promptLength": "short", "promptLanguage": "French"})).json()
    await mill.reaches(UUID(job["jobId"]), "completed")
    [request] = await mill.grok.requests("chat")
    refused = await api_client.post(CREATE, json={"model": IMAGE_MODEL, "prompt": "x", "style": "anime"})

    system = request["body"]["messages"][0]["content"]
    assert BUILT_IN["anime"] in system
    assert f"for the model {IMAGE_MODEL}, which makes image output" in system
    assert "in French, of at most 40 words" in system
    assert (job["style"], refused.json()["errors"][0]["pointer"]) == ("anime", "/style")


async def test_styles_are_ones_own_and_their_likes_count_by_model(lonely_api: httpx.AsyncClient, store: Store) -> None:
    mine, theirs = [bearer(await make_key(store, "member", owner)) for owner in ("team-a", "team-b")]
    made = await lonely_api.put(f"{STYLES}/Dusk", json={"wording": " Blue hour. "}, headers=mine)
    again = await lonely_api.put(f"{STYLES}/Dusk", json={"wording": "After sunset."}, headers=mine)
    everybodys = await lonely_api.put(f"{STYLES}/anime", json={"wording": "x"}, headers=mine)
    unknown = await lonely_api.post(QUEUE, json={"instructions": "x", "style": "Dusk"}, headers=theirs)
    grok = {"model": IMAGE_MODEL, "useAiPrompt": True, "instructions": "x", "style": "Dusk"}
    jobs = [(await lonely_api.post(CREATE, json=grok, headers=mine)).json()["jobId"] for _ in range(3)]
    for job_id, kept in zip(jobs, (True, False, None), strict=True):
        await store.jobs.begin(UUID(job_id))
        await store.jobs.advance(JobChange(job_id=UUID(job_id), status=JobStatus.FAILED, outputs=(OUTPUT,)))
        await lonely_api.put(f"/api/jobs/{job_id}/rating", json={"kept": kept}, headers=mine)
    listed = (await lonely_api.get(STYLES, headers=mine)).json()["items"]
    others = (await lonely_api.get(STYLES, headers=theirs)).json()["items"]
    nothing = await lonely_api.delete(f"{STYLES}/Dusk", headers=theirs)
    gone = await lonely_api.delete(f"{STYLES}/Dusk", headers=mine)
    after = (await lonely_api.get(STYLES, headers=mine)).json()["items"]

    assert (made.json()["wording"], again.json()["wording"]) == ("Blue hour.", "After sunset.")
    assert (everybodys.status_code, unknown.json()["errors"][0]["pointer"]) == (422, "/style")
    assert [one["name"] for one in listed] == [*BUILT_IN, "Dusk"]
    use = {"model": IMAGE_MODEL, "jobs": 3, "kept": 1, "discarded": 1}
    assert listed[-1] == {"name": "Dusk", "wording": "After sunset.", "own": True, "models": [use]}
    assert [one["name"] for one in others] == [*BUILT_IN]
    assert (nothing.status_code, gone.status_code) == (404, 204)
    assert after[-1] == {"name": "Dusk", "wording": None, "own": False, "models": [use]}, "its jobs keep the name"


async def test_an_owner_has_so_many_styles_and_one_may_be_reworded_then(
    lonely_api: httpx.AsyncClient, store: Store
) -> None:
    for number in range(MOST_STYLES):
        await store.styles.set("local", f"style {number}", "x")

    more = await lonely_api.put(f"{STYLES}/one more", json={"wording": "x"})
    reworded = await lonely_api.put(f"{STYLES}/style 7", json={"wording": "y"})

    assert (more.status_code, more.json()["code"]) == (409, "too_many_styles")
    assert reworded.status_code == 200


async def test_a_downgrade_is_refused_while_it_would_drop_a_style(record: Record) -> None:
    await record.store.styles.set("local", "Dusk", "x")

    with pytest.raises(RecordError, match="styles of their own"):
        await downgrade(record.url, "0021")
    await record.store.styles.delete("local", "Dusk")
    await downgrade(record.url, "0021")

    assert await record.hand.fetchval("SELECT to_regclass('prompt_styles')") is None
