"""`promptmill drain` waits for what finishes on its own and lists what is left."""

from __future__ import annotations

import asyncio

import pytest

from promptmill.commands.brake import brake_providers
from promptmill.commands.drain import drain_jobs, drain_lines, resume_jobs
from promptmill.local.ports import free_port
from tests.fixtures.mill import Mill
from tests.fixtures.session import WarmPython


def _say(_: str) -> None:
    """Report nothing."""


async def test_a_drain_ends_when_what_goes_on_has_ended(mill: Mill) -> None:
    await mill.wavespeed.set_timing(min_seconds=4, max_seconds=4)
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")

    left = await drain_jobs(mill.settings, reason="test", timeout_seconds=240, say=_say)

    assert (await mill.job(job_id)).status == "completed"
    assert drain_lines(left) == ["Nothing is left."]


async def test_what_waits_for_a_person_is_named_and_not_waited_for(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "hidden")
    await mill.wavespeed.order("submit", "cut", after=True)
    job_id = await mill.create()
    await mill.reaches(job_id, "submit_unknown")

    left = await drain_jobs(mill.settings, reason="test", timeout_seconds=240, say=_say)

    assert [work.id for work in left.waiting] == [job_id]
    [_, line] = drain_lines(left)
    assert str(job_id) in line
    assert "billed: unknown" in line


@pytest.mark.parametrize("provider", ["grok", "wavespeed"])
async def test_what_waits_behind_a_brake_is_named_and_not_waited_for(mill: Mill, provider: str) -> None:
    await brake_providers(mill.settings, on=True, providers=[provider], reason="test")
    fields = {"use_ai_prompt": True} if provider == "grok" else {}
    job_id = await mill.create(**fields)
    await mill.reaches(job_id, "prompting" if provider == "grok" else "dispatching")
    told: list[str] = []

    async with asyncio.timeout(240):
        left = await drain_jobs(mill.settings, reason="test", timeout_seconds=0, say=told.append)

    assert [work.id for work in left.waiting] == [job_id]
    assert "billed: no" in drain_lines(left)[1]
    assert any(f"Not waiting for jobs queued for {provider}" in line for line in told)
    await brake_providers(mill.settings, on=False, providers=[provider], reason="test")
    left = await drain_jobs(mill.settings, reason="test", timeout_seconds=240, say=_say)
    assert drain_lines(left) == ["Nothing is left."]
    assert (await mill.job(job_id)).status == "completed"


async def test_without_temporal_everything_counts_as_going_on(mill: Mill) -> None:
    """It is unknown then which brakes are on: better to wait too long."""
    away = mill.settings.model_copy(update={"temporal": {"TEMPORAL_ADDRESS": f"127.0.0.1:{free_port()}"}})
    job_id = await mill.accept()
    told: list[str] = []

    left = await drain_jobs(away, reason="test", timeout_seconds=1, say=told.append)

    assert [work.id for work in left.going] == [job_id]
    assert any("The brakes cannot be read from Temporal" in line for line in told)


async def test_a_drain_that_takes_too_long_says_what_still_goes_on(mill: Mill) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")

    left = await drain_jobs(mill.settings, reason="test", timeout_seconds=0.1, say=_say)

    assert [work.id for work in left.going] == [job_id]
    assert any("billed: yes" in line for line in drain_lines(left))


async def test_the_switch_stays_until_it_is_resumed(mill: Mill) -> None:
    await drain_jobs(mill.settings, reason="new disks", timeout_seconds=1, say=_say)
    switch = await mill.store.operations.drain()
    assert switch is not None
    assert switch.reason == "new disks"

    await resume_jobs(mill.settings, reason="done")

    assert await mill.store.operations.drain() is None


async def test_the_command_exits_1_while_something_goes_on(
    mill: Mill, warm_python: WarmPython, settings_environment: dict[str, str]
) -> None:
    await mill.wavespeed.order("submit", "never")
    job_id = await mill.create()
    await mill.reaches(job_id, "generating")

    command = ("-m", "promptmill", "drain", "--timeout", "1")
    done = await asyncio.to_thread(warm_python.run, *command, environment=settings_environment)

    assert done.returncode == 1
    assert str(job_id) in done.stdout
