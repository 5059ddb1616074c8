"""A job that waits is changed in its panel, and what is submitted is the job as it is then."""

from __future__ import annotations

from uuid import UUID

import httpx
from playwright.async_api import expect

from promptmill.contracts.names import wavespeed_queue
from tests.fixtures.browser import Workspace, no_serious_violation
from tests.fixtures.mill import Mill


async def test_a_waiting_job_is_changed_until_it_is_submitted(
    workspace: Workspace, served_mill: httpx.AsyncClient, mill: Mill
) -> None:
    queue = wavespeed_queue(mill.settings.task_queue)
    await mill.set_queue_rate(queue, 0)
    made = {"model": "bytedance/seedream-v4", "prompt": "a fox", "input": {"size": "1024*1024"}}
    job_id = (await served_mill.post("/api/jobs/create", json=made)).json()["jobId"]
    await mill.reaches(UUID(job_id), "dispatching")
    panel = workspace.panel
    await workspace.open(f"#job={job_id}")
    await panel.get_by_text("Change this job").click()
    await no_serious_violation(workspace.page)

    inputs = panel.get_by_label("Inputs, images included, as JSON")
    await inputs.fill('{"size": "99*99"')
    await panel.get_by_role("button", name="Save changes").click()
    await expect(panel.get_by_role("alert")).to_contain_text(
        "Inputs, images included, as JSON: This is not valid JSON."
    )
    await inputs.fill('{"size": "99*99"}')
    await panel.get_by_role("button", name="Save changes").click()
    await expect(panel.get_by_role("alert")).to_contain_text("size: Each side must be at least")
    await inputs.fill('{"size": "2048*2048"}')
    await panel.get_by_label("Prompt", exact=True).fill("a badger")
    await panel.get_by_role("button", name="Save changes").click()
    await expect(panel.locator("#panel-title")).to_have_text("a badger")
    await panel.get_by_role("button", name="Run next").click()
    await expect(panel.get_by_role("button", name="Run next")).to_be_hidden()
    await mill.set_queue_rate(queue, None)

    job = await mill.reaches(UUID(job_id), "completed")
    assert (job.prompt, job.priority, job.input) == ("a badger", 10, {"size": "2048*2048"})
    [sent] = await mill.wavespeed.requests("submit")
    assert (sent["body"]["prompt"], sent["body"]["size"]) == ("a badger", "2048*2048")
    await expect(panel.get_by_text("Change this job")).to_have_count(0)
