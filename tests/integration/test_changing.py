"""Changing jobs that wait, over HTTP: what is submitted is what the row says when the submission is permitted."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from promptmill.contracts.names import wavespeed_queue
from tests.fixtures.mill import Mill
from tests.support import eventually

JOB = {"model": "bytedance/seedream-v4", "input": {"size": "1024*1024"}, "prompt": "a fox"}


async def created(api: httpx.AsyncClient, **fields: Any) -> str:
    answer = await api.post("/api/jobs/create", json=JOB | fields)
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["jobId"]
    return job_id


async def test_the_changed_job_is_what_is_paid_for_and_the_one_moved_goes_first(
    idle_mill: Mill, api_client: httpx.AsyncClient
) -> None:
    queue = wavespeed_queue(idle_mill.settings.task_queue)
    first = await created(api_client)
    changed = await created(api_client)
    moved = await created(api_client)
    async with idle_mill.changed(wavespeed_concurrency=1) as mill:
        await mill.set_queue_rate(queue, 0)
        async with mill.worker():
            for job_id in (first, changed, moved):
                await mill.reaches(_id(job_id), "dispatching")
            # Its workflow has asked for the submission with the prompt of before, and will ask again with each attempt.
            edit = {"prompt": "a badger", "input": {"size": "2048*2048"}, "maxPriceUsd": 1}
            answer = await api_client.patch(f"/api/jobs/{changed}", json=edit)
            assert (answer.status_code, answer.json()["prompt"]) == (200, "a badger"), answer.text
            assert (await api_client.patch(f"/api/jobs/{moved}", json={"priority": 10})).json()["priority"] == 10
            await mill.set_queue_rate(queue, None)
            for job_id in (first, changed, moved):
                await mill.reaches(_id(job_id), "completed")
            late = await api_client.patch(f"/api/jobs/{changed}", json=edit)

    assert (late.status_code, late.json()["code"]) == (409, "not_waiting")
    sent = [request["body"] for request in await mill.wavespeed.requests("submit")]
    assert [(body["prompt"], body["size"]) for body in sent if body["prompt"] == "a badger"] == [
        ("a badger", "2048*2048")
    ]
    assert len(sent) == len(await mill.wavespeed.charges()) == 3
    order = [(await mill.store.submissions.of_job(_id(job_id)))[0].intended_at for job_id in (moved, first, changed)]
    assert order[0] == min(order)
    timeline = (await api_client.get(f"/api/jobs/{changed}/events")).json()["items"]
    assert "Changed: the input, the prompt, the highest price." in [event["text"] for event in timeline]


async def test_a_running_submission_is_not_disturbed_by_a_change_of_priority(
    idle_mill: Mill, api_client: httpx.AsyncClient
) -> None:
    await idle_mill.wavespeed.order("submit", "hold", times=1)
    job_id = await created(api_client)
    async with idle_mill.worker():
        await idle_mill.wavespeed.asked("submit")

        answer = await api_client.patch(f"/api/jobs/{job_id}", json={"priority": 9})
        await idle_mill.wavespeed.release()

        assert (answer.status_code, answer.json()["code"]) == (409, "not_waiting")
        await idle_mill.reaches(_id(job_id), "completed")
    assert len(await idle_mill.wavespeed.charges()) == 1


@pytest.mark.parametrize(
    ("change", "pointer", "says"),
    [
        ({}, "", "at least one field"),
        ({"prompt": None}, "/prompt", "Leave it out"),
        ({"prompt": " "}, "/prompt", ""),
        ({"priority": 11}, "/priority", ""),
        ({"input": {"size": "99*99"}}, "/input/size", "at least"),
        ({"input": {"colour": "red"}}, "/input/colour", "Unknown field"),
        ({"model": "alibaba/wan-2.6/text-to-video"}, "/model", "create another job"),
        ({"model": "bytedance/seedream-v9"}, "/model", "Did you mean"),
        ({"model": "bytedance/seedream-v4/edit"}, "/input/images", "needs"),
        ({"targetUrl": "ftp://example.com/a.png"}, "/targetUrl", ""),
        ({"deadlineSeconds": 60}, "/deadlineSeconds", "Unknown field"),
    ],
)
async def test_a_change_is_checked_as_a_new_job_is(
    change: dict[str, Any], pointer: str, says: str, api_client: httpx.AsyncClient
) -> None:
    job_id = await created(api_client)
    before = (await api_client.get(f"/api/jobs/{job_id}")).json()

    answer = await api_client.patch(f"/api/jobs/{job_id}", json=change)

    assert answer.status_code == 422, answer.text
    [error] = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert says in error["message"]
    after = (await api_client.get(f"/api/jobs/{job_id}")).json()
    assert {**after, "wait": None, "estimatedWaitSeconds": None} == {
        **before,
        "wait": None,
        "estimatedWaitSeconds": None,
    }


async def test_of_two_changes_at_once_none_is_combined_with_what_it_was_not_checked_with(
    api_client: httpx.AsyncClient, database_url: str
) -> None:
    job_id = await created(api_client, input={})
    url = f"/api/jobs/{job_id}"
    holder = await asyncpg.connect(database_url)
    watch = await asyncpg.connect(database_url)
    waiting = (
        "SELECT count(*) = 2 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    async with asyncio.TaskGroup() as both, holder.transaction():
        await holder.execute("SELECT FROM jobs WHERE id = $1 FOR UPDATE", _id(job_id))
        asked = [
            both.create_task(api_client.patch(url, json=change))
            for change in (
                {"model": "google/nano-banana-pro/text-to-image"},  # has no `size`
                {"input": {"size": "2048*2048"}},
            )
        ]
        await eventually(lambda: watch.fetchval(waiting), what="both are checked and wait for the row")
    await holder.close()
    await watch.close()

    answers = [task.result() for task in asked]
    assert sorted(answer.status_code for answer in answers) == [200, 422], [answer.text for answer in answers]


async def test_images_replace_those_of_before(api_client: httpx.AsyncClient) -> None:
    job_id = await created(
        api_client, model="bytedance/seedream-v4/edit", refUrls=["https://example.com/a.png"], input={}
    )
    url = f"/api/jobs/{job_id}"

    answer = await api_client.patch(url, json={"refUrls": ["https://example.com/b.png"]})

    assert answer.json()["input"]["images"] == ["https://example.com/b.png"], answer.text
    assert answer.json()["refUrls"] == ["https://example.com/b.png"]
    repeated = await asyncio.gather(*(api_client.patch(url, json={"prompt": "a badger"}) for _ in range(4)))
    assert {one.status_code for one in repeated} == {200}
    events = (await api_client.get(f"{url}/events")).json()["items"]
    assert [event["text"] for event in events].count("Changed: the prompt.") == 1


def _id(text: str) -> UUID:

    return UUID(text)
