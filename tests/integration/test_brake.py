"""`promptmill brake` stops what costs money and nothing else."""

from __future__ import annotations

import asyncio

from promptmill.commands.brake import brake_providers, brake_sentence, show_brakes
from tests.fixtures.mill import Mill
from tests.fixtures.session import StartProcess
from tests.support import eventually


async def test_a_brake_is_read_back_and_released(mill: Mill) -> None:
    [stopped] = await brake_providers(mill.settings, on=True, providers=["wavespeed"], reason="incident 12")

    assert stopped.on
    assert stopped.reason == "incident 12"
    assert "stopped (incident 12)" in brake_sentence(stopped)
    await eventually(lambda: _brakes_are(mill, [False, True]))  # at first Temporal may return the state of before
    [released] = await brake_providers(mill.settings, on=False, providers=["wavespeed"], reason="over")
    assert not released.on
    assert released.per_second is None


async def _brakes_are(mill: Mill, wanted: list[bool]) -> bool:
    return [brake.on for brake in await show_brakes(mill.settings)] == wanted


async def test_a_braked_provider_is_not_asked_until_it_is_released(mill: Mill) -> None:
    await brake_providers(mill.settings, on=True, reason="test")
    job_id = await mill.create(use_ai_prompt=True)
    await mill.reaches(job_id, "prompting")
    other = await mill.create()
    await mill.reaches(other, "dispatching")

    assert await mill.grok.requests("chat") == []
    assert await mill.wavespeed.requests("submit") == []
    await brake_providers(mill.settings, on=False, reason="over")

    await mill.reaches(job_id, "completed")
    await mill.reaches(other, "completed")


async def test_the_command_says_what_is_stopped(
    mill: Mill, start_process: StartProcess, settings_environment: dict[str, str]
) -> None:
    command = ("-m", "promptmill", "brake", "on", "--provider", "grok", "--reason", "costs")
    child = start_process("brake", *command, environment=settings_environment)

    assert await asyncio.to_thread(child.process.wait, 30) == 0
    assert "grok: stopped (costs)" in child.log.read_text()
