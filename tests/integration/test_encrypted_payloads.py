"""With keys set, Temporal holds no word of a person; keys change while workflows run."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import pytest
from temporalio.api.enums.v1 import EventType
from temporalio.client import Client
from temporalio.worker import Replayer
from uuid_utils.compat import uuid7

from promptmill.commands.check import Wrong, check_temporal
from promptmill.config.payload_keys import PayloadKey
from promptmill.contracts.errors import PayloadUnreadable
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.names import job_workflow_id
from promptmill.temporal.encryption import data_converter
from promptmill.temporal.histories import read_job_history
from promptmill.temporal.installation import ensure_schedule
from promptmill.temporal.keys_in_use import key_ids
from promptmill.temporal.restore_guard import remember_submission, remembered_submission
from tests.fixtures.mill import Mill
from tests.fixtures.payload_keys import NEW, OLD
from tests.fixtures.sandbox import sandbox
from tests.fixtures.session import Session
from tests.support import eventually
from worker.build import WORKFLOWS


async def told_to_temporal(client: Client, job_id: UUID) -> bytes:
    """Return everything that Temporal says of a job's workflow, as it stores it."""
    handle = client.get_workflow_handle(job_workflow_id(job_id))
    events = [event.SerializeToString() for event in (await handle.fetch_history()).events]
    return b"".join([*events, (await handle.describe()).raw_description.SerializeToString()])


def stored(folder: Path) -> bytes:
    """Return the bytes of a server's database, with what has not been moved into its main file yet."""
    return b"".join(file.read_bytes() for file in folder.glob("temporal.db*"))


def replayer(*keys: PayloadKey) -> Replayer:
    return Replayer(workflows=WORKFLOWS, data_converter=data_converter(keys), workflow_runner=sandbox())


async def test_neither_histories_nor_the_database_have_a_word_of_a_person(
    idle_mill: Mill, temporal: Client, session: Session
) -> None:
    mark = uuid7().hex  # of this test alone: the server keeps what others wrote
    words = {
        "prompt": f"prompt of {mark}",
        "instructions": f"instructions of {mark}",
        "target": f"https://images.example.com/target-{mark}.png",
        "reference": f"https://images.example.com/reference-{mark}.png",
        "failure": f"refusal of {mark}",
    }
    async with idle_mill.changed(payload_keys=(NEW, OLD)) as mill, mill.worker():
        written = await mill.create(
            use_ai_prompt=True,
            prompt=words["prompt"],
            instructions=words["instructions"],
            target_url=words["target"],
            ref_urls=(words["reference"],),
        )
        await mill.reaches(written, JobStatus.COMPLETED)
        await mill.wavespeed.order("submit", "status", status=400, message=words["failure"])
        refused = await mill.create(prompt=words["prompt"])
        assert words["failure"] in ((await mill.reaches(refused, JobStatus.FAILED)).error or "")
        for job_id in (written, refused):
            await mill.closes(mill.handle(job_id))
        # We can still read what it did.
        assert (await read_job_history(mill.client, job_workflow_id(written))).job.job_id == written

    for found in (
        await told_to_temporal(temporal, written),
        await told_to_temporal(temporal, refused),
        stored(session.folder / "temporal"),
    ):
        assert b"binary/encrypted" in found
        assert job_workflow_id(refused).encode() in found or job_workflow_id(written).encode() in found
        assert [what for what, text in words.items() if text.encode() in found] == []


async def test_workflows_that_run_while_keys_change_go_on_and_replay(
    idle_mill: Mill, caplog: pytest.LogCaptureFixture
) -> None:
    started: list[UUID] = []
    for keys in ((), (OLD,), (NEW, OLD)):
        async with idle_mill.changed(payload_keys=keys) as mill:
            started.append(await mill.create(prompt="A fox"))

    used: list[set[str]] = []
    async with idle_mill.changed(payload_keys=(NEW, OLD)) as mill:
        async with mill.worker():
            for job_id in started:
                await mill.reaches(job_id, JobStatus.COMPLETED)
                await mill.closes(mill.handle(job_id))
        for job_id in started:
            history = await mill.handle(job_id).fetch_history()
            used.append({key for event in history.events for key in key_ids(event)})
            await replayer(NEW, OLD).replay_workflow(history)
            caplog.clear()
            with pytest.raises(RuntimeError):
                await replayer(OLD).replay_workflow(history)
            assert "the key new, which is not in PROMPTMILL_PAYLOAD_KEYS here" in caplog.text
    assert used == [{"new"}, {"old", "new"}, {"new"}]


async def test_a_worker_that_lacks_a_key_fails_no_workflow(idle_mill: Mill) -> None:
    async with idle_mill.changed(payload_keys=(NEW,)) as mill:
        job_id = await mill.create(prompt="A fox")

        async def told() -> list[str]:
            return [
                event.workflow_task_failed_event_attributes.failure.message
                for event in (await mill.handle(job_id).fetch_history()).events
                if event.event_type == EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
            ]

        async with idle_mill.worker():
            [message] = await eventually(told, what="a task of the workflow fails")
        assert "the key new, which is not in PROMPTMILL_PAYLOAD_KEYS here" in message

        async with mill.worker():
            await mill.reaches(job_id, JobStatus.COMPLETED)


async def test_check_names_the_key_that_is_missing(idle_mill: Mill) -> None:
    settings = idle_mill.settings.model_copy(update={"database_url": None})
    async with idle_mill.changed(payload_keys=(NEW,)) as mill:
        await mill.create(prompt="A fox")

    async def told() -> str:
        try:
            await check_temporal(settings)
        except Wrong as wrong:
            return str(wrong)
        return ""

    # Visibility is eventually consistent.
    assert "PROMPTMILL_PAYLOAD_KEYS does not have here: new" in await eventually(told, what="check finds the key")
    fine = await check_temporal(settings.model_copy(update={"payload_keys": (OLD, NEW)}))
    assert "payloads encrypted with the key old" in fine


async def test_what_guards_a_restored_backup_needs_no_key(idle_mill: Mill) -> None:
    """A lost key must not keep workers from starting, nor make them forget what was submitted."""
    queue = idle_mill.settings.task_queue
    async with idle_mill.changed(payload_keys=(NEW,)) as mill:
        await ensure_schedule(mill.settings, mill.client)
        await remember_submission(mill.client, queue, 7)

    assert await remembered_submission(idle_mill.client, queue) == 7


async def test_a_report_that_cannot_be_read_names_the_key(idle_mill: Mill) -> None:
    async with idle_mill.changed(payload_keys=(NEW,)) as mill, mill.worker():
        with pytest.raises(PayloadUnreadable, match="the key new"):
            await idle_mill.reconcile()


async def test_search_attributes_hold_no_words(idle_mill: Mill, account: str) -> None:
    async with idle_mill.changed(payload_keys=(NEW,)) as mill:
        job_id = await mill.create(prompt=f"prompt of {account}")
        found = (await mill.handle(job_id).describe()).typed_search_attributes

    assert {pair.key.name for pair in found} >= {"JobStatus", "Model", "Owner", "Priority"}
    assert account not in str(found)
