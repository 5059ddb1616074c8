"""What a job made is fetched, checked, named and put where the installation stores it, whatever happens meanwhile."""

from __future__ import annotations

import base64
import errno
import hashlib
import io
import json
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import obstore
import pytest
from PIL import Image
from temporalio.client import WorkflowExecutionStatus

from activities import outputs
from promptmill.commands.outputs import Verified, keep_outputs, verify_outputs
from promptmill.contracts.errors import ConfigurationError, NotStored
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.names import store_workflow_id
from promptmill.outputs.naming import all_paths, recipe_path
from promptmill.outputs.recipe import recipe
from promptmill.outputs.storage import open_storage
from tests.fixtures.mill import Mill
from tests.fixtures.outputs import files, open_bucket, stored, storing
from tests.raw_server import Conduct, http_answer, open_raw_server
from tests.support import eventually


def picture() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (64, 48), (200, 40, 40)).save(file, "PNG")
    return file.getvalue()


PICTURE = picture()


@pytest.fixture(autouse=True)
def soon_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Try again a moment after a failed attempt."""
    monkeypatch.setattr(outputs, "pause_after", lambda _: timedelta(seconds=0.2))


async def made(mill: Mill, *urls: str, **fields: Any) -> UUID:
    """A completed job whose outputs are at these addresses."""
    await mill.wavespeed.order("submit", "outputs", outputs=list(urls))
    job_id = await mill.create(**fields)
    await mill.reaches(job_id, "completed")
    await mill.closes(mill.handle(job_id))
    return job_id


async def test_finished_picture_is_stored_with_its_recipe_and_a_thumbnail(
    idle_mill: Mill, tmp_path: Path, api_client: httpx.AsyncClient
) -> None:
    async with storing(idle_mill, tmp_path) as mill:
        job_id = await mill.create(prompt="A red fox, in the snow!", input={"size": "512*512", "seed": 42})
        job = await mill.reaches(job_id, "completed")
        (output,) = await stored(mill, job_id)
        workflow = mill.client.get_workflow_handle(store_workflow_id(job_id))
        report = await workflow.result()
        assert (await mill.reconcile()).storing_started == 0

    name = f"{job.created_at:%Y-%m-%d}/wavespeed-ai_flux-dev/a-red-fox-in-the-snow-42-{job_id.hex[-8:]}-0"
    folder, _, stem = name.rpartition("/")
    found = files(tmp_path)
    assert set(found) == {f"{name}.png", f"{name}.json", f"{folder}/.renderings/{stem}.thumbnail.webp"}
    content = (tmp_path / f"{name}.png").read_bytes()
    assert (output.sha256, output.bytes) == (hashlib.sha256(content).hexdigest(), len(content))
    assert output.total_bytes == sum(found.values())
    assert (output.content_type, output.width, output.height) == ("image/png", 512, 512)
    recipe = json.loads((tmp_path / f"{name}.json").read_bytes())
    assert recipe["file"]["sha256"] == output.sha256
    assert (recipe["prompt"], recipe["input"]["seed"], recipe["model"]) == (job.prompt, 42, job.model)
    assert (recipe["jobId"], recipe["predictionId"]) == (str(job_id), job.prediction_id)
    assert recipe["mediaCostUsd"] == float(job.media_cost_usd or -1)
    assert (report["stored"], report["failed"]) == (1, 0)
    assert not list((tmp_path / ".incoming").iterdir())
    # An API without a storage has nothing to serve.
    assert (await api_client.get(f"/api/jobs/{job_id}")).json()["outputs"][0]["stored"] is None


async def test_job_ends_and_its_callback_goes_although_nothing_can_be_stored(idle_mill: Mill, tmp_path: Path) -> None:
    async with (
        open_raw_server(Conduct.SILENCE) as cdn,
        open_raw_server(http_answer(204)) as receiver,
        storing(idle_mill, tmp_path, outputs_fetch_seconds=600) as mill,
    ):
        job_id = await made(mill, f"{cdn.url}/a.png", callback_url=receiver.url)
        assert await mill.closes(mill.handle(job_id)) is WorkflowExecutionStatus.COMPLETED
        await eventually(lambda: receiver.requests == 1 and cdn.requests == 1, what="callback and fetch")
        other = await mill.create()
        await stored(mill, other)
        cdn.hang_up()


async def test_what_fails_is_tried_again_until_wavespeed_has_deleted_it(idle_mill: Mill, tmp_path: Path) -> None:
    page = http_answer(200, b"<!DOCTYPE html><script>alert(1)</script>", {"Content-Type": "image/png"})
    answers = (http_answer(503), page, Conduct.RESET, http_answer(200, PICTURE))
    async with (
        open_raw_server(*answers) as cdn,
        open_raw_server(http_answer(404)) as gone,
        storing(idle_mill, tmp_path) as mill,
    ):
        job_id = await made(mill, f"{cdn.url}/a", f"{gone.url}/b.png")
        await eventually(lambda: cdn.requests >= 4 and gone.requests >= 4, what="four attempts")
        await mill.sql("UPDATE stored_outputs SET expires_at = now() WHERE state = 'waiting' AND index = 1")
        await mill.closes(mill.client.get_workflow_handle(store_workflow_id(job_id)))
        first, second = (await mill.store.outputs.of_jobs([job_id]))[job_id]

    assert (first.state, first.content_type, first.problem) == ("stored", "image/png", None)
    assert (second.state, second.path) == ("failed", None)
    assert second.problem == "WaveSpeed has deleted it. Before: the server answered 404"


async def test_full_disk_or_a_bug_keeps_one_output_waiting_and_no_other(
    idle_mill: Mill, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    struck = [OSError(errno.ENOSPC, "No space left on device", str(tmp_path)), ValueError("a bug")]
    told: list[str | None] = []

    def strikes(job: Any, placement: Any) -> bytes:
        if placement.index == 0 and struck:
            raise struck.pop(0)
        return recipe(job, placement)

    monkeypatch.setattr(outputs, "recipe", strikes)
    async with open_raw_server(http_answer(200, PICTURE)) as cdn, storing(idle_mill, tmp_path) as mill:
        note = mill.store.outputs.not_stored

        async def noted(self: Any, job_id: UUID, index: int, problem: str, *, for_good: bool) -> None:
            told.append(problem)
            await note(job_id, index, problem, for_good=for_good)

        monkeypatch.setattr(type(mill.store.outputs), "not_stored", noted)
        await stored(mill, await made(mill, f"{cdn.url}/a.png", f"{cdn.url}/b.png"))

    assert told == [
        "this machine cannot hold it while it is stored (No space left on device)",
        "an unforeseen error, which the log has",
    ]
    assert cdn.requests == 4
    assert not list((tmp_path / ".incoming").iterdir())


async def test_what_is_too_large_or_broken_harms_nothing(idle_mill: Mill, tmp_path: Path) -> None:
    broken, large = http_answer(200, PICTURE[:40]), http_answer(200, b"x" * 1_000_001)
    async with (
        open_raw_server(broken) as one,
        open_raw_server(large) as other,
        storing(idle_mill, tmp_path, outputs_file_max_mb=1) as mill,
    ):
        job_id = await made(mill, f"{one.url}/a.png", f"{other.url}/b.png")
        await mill.closes(mill.client.get_workflow_handle(store_workflow_id(job_id)))
        first, second = (await mill.store.outputs.of_jobs([job_id]))[job_id]

    assert (first.state, first.renderings, first.bytes) == ("stored", [], 40)
    assert second.state == "failed"
    assert "PROMPTMILL_OUTPUTS_FILE_MAX_MB" in (second.problem or "")


async def test_late_media_is_stored_by_the_reconciler_and_goes_with_an_erasure(idle_mill: Mill, tmp_path: Path) -> None:
    async with storing(idle_mill, tmp_path) as mill, open_raw_server(http_answer(200, PICTURE)) as cdn:
        await mill.wavespeed.order("submit", "ending", word="failed", code=1200)
        job_id = await mill.create()
        await mill.reaches(job_id, "failed")
        await mill.closes(mill.handle(job_id))
        output = {"index": 0, "kind": "image", "url": f"{cdn.url}/a.png"}
        row = await mill.store.jobs.advance(JobChange.model_validate({"job_id": job_id, "outputs": [output]}))
        assert row.status is JobStatus.FAILED
        await mill.sql("UPDATE stored_outputs SET due_at = now()")

        assert (await mill.reconcile()).storing_started == 1
        await stored(mill, job_id)
        assert len(files(tmp_path)) == 3
        await mill.store.erasures.erase_job(job_id)
        assert (await mill.reconcile()).files_deleted == 1
        assert files(tmp_path) == {}
        assert await mill.store.outputs.removal_pending(job_id) == (False, None)


async def test_worker_that_stops_in_the_middle_leaves_it_to_another(idle_mill: Mill, tmp_path: Path) -> None:
    """Nothing of the first attempt is left; a killed one is tried in the drills."""
    begun = b"HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + PICTURE
    async with open_raw_server(begun + b"\r\n# cut short", http_answer(200, PICTURE)) as cdn:
        async with idle_mill.changed(outputs=str(tmp_path), shutdown_seconds=0) as mill:
            await mill.store.outputs.plan(stored=True)
            async with mill.worker():
                job_id = await made(mill, f"{cdn.url}/a.png")
                await eventually(lambda: cdn.requests == 1, what="a fetch")
            assert not list((tmp_path / ".incoming").iterdir())
        async with storing(idle_mill, tmp_path) as mill:
            (output,) = await stored(mill, job_id)

    assert output.bytes == len(PICTURE)
    assert len(files(tmp_path)) == 3


async def test_bucket_keeps_the_same_files(idle_mill: Mill) -> None:
    async with (
        open_bucket() as bucket,
        open_raw_server(http_answer(200, PICTURE)) as cdn,
        idle_mill.changed(outputs="s3://mill/made", object_store=bucket.variables) as mill,
    ):
        await mill.store.outputs.plan(stored=True)
        async with mill.worker():
            job_id = await made(mill, f"{cdn.url}/a.png")
            (output,) = await stored(mill, job_id)
        storage = open_storage(mill.settings)
        assert storage is not None
        kept = {path: size async for path, size in storage.paths()}
        part = await storage.open(output.path, 10, 90)
        content = b"".join([chunk async for chunk in part.chunks])
        whole = await obstore.get_async(storage.store, output.path)

        assert (part.size, content) == (len(PICTURE), PICTURE[10:90])
        assert (bytes(await whole.bytes_async()), whole.attributes) == (PICTURE, {"Content-Type": "image/png"})
        assert set(kept) == {output.path, recipe_path(output.path), all_paths(output.path)[2]}
        await storage.delete(all_paths(output.path))
        assert [path async for path, _ in storage.paths()] == []
        with pytest.raises(NotStored):
            await storage.open(output.path)


async def test_commands_have_more_stored_and_find_what_is_not_as_it_was(idle_mill: Mill, tmp_path: Path) -> None:
    said: list[str] = []
    async with idle_mill.worker():
        job_id = await made(idle_mill, "data:image/png;base64," + base64.b64encode(PICTURE).decode())
    with pytest.raises(ConfigurationError, match="PROMPTMILL_OUTPUTS"):
        await keep_outputs(idle_mill.settings, said.append)
    async with storing(idle_mill, tmp_path) as mill:
        await keep_outputs(mill.settings, said.append)
        await mill.reconcile()
        (output,) = await stored(mill, job_id)
        verified = partial(verify_outputs, mill.settings, said.append, contents=True)
        assert await verified(delete_unknown=False) == Verified(files=1)
        (tmp_path / "notes.txt").write_text("mine")
        (tmp_path / output.path).write_bytes(PICTURE[::-1])
        assert await verified(delete_unknown=False) == Verified(different=1, unknown=1)
        (tmp_path / output.path).unlink()
        assert await verified(delete_unknown=True) == Verified(missing=1, unknown=1)

    assert said[0] == "1 outputs are stored from the reconciler's next pass on; 1 were not planned before."
    assert len(files(tmp_path)) == 2
    assert str(job_id) in said[-3]
