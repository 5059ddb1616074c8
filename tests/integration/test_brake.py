"""`promptmill brake` stops what costs money and nothing else."""

from __future__ import annotations

import asyncio
from functools import partial

from pydantic import SecretStr

from promptmill.commands.brake import brake_providers, brake_sentence, show_brakes
from promptmill.commands.operator import operator
from promptmill.contracts.audit import Action, AuditFilter
from tests.fixtures.mill import Mill
from tests.fixtures.session import WarmPython
from tests.support import eventually


async def test_a_brake_is_read_back_and_released(mill: Mill) -> None:
    wavespeed = partial(brake_providers, mill.settings, providers=["wavespeed"])
    [stopped] = await wavespeed(on=True, reason="incident 12")

    assert stopped.on
    assert (stopped.reason, stopped.by) == ("incident 12", operator().actor)
    assert f"stopped by {operator().actor} (incident 12)" in brake_sentence(stopped)
    await eventually(lambda: _brakes_are(mill, [False, True]))  # at first Temporal may return the previous state
    await wavespeed(on=True, reason="incident 12")
    [released] = await wavespeed(on=False, reason="over")
    assert not released.on
    assert released.per_second is None
    off, on = await mill.store.audit.list(AuditFilter(action=Action.BRAKE_SET))
    assert (on.actor, on.target, off.target) == (operator().actor, "provider:wavespeed", "provider:wavespeed")
    assert (on.before, on.after) == ({"perSecond": None, "reason": None}, {"perSecond": 0, "reason": "incident 12"})
    assert off.before == on.after


async def test_the_brake_needs_no_record_and_says_what_the_log_lacks(mill: Mill) -> None:
    settings = mill.settings.model_copy(update={"database_url": SecretStr("postgresql://127.0.0.1:9/none")})
    said: list[str] = []

    [stopped] = await brake_providers(settings, on=True, providers=["grok"], reason="fire", say=said.append)

    assert stopped.on
    [sentence] = said
    assert sentence.startswith("The audit log does not have this: Postgres is unreachable")


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
    mill: Mill, warm_python: WarmPython, settings_environment: dict[str, str]
) -> None:
    command = ("-m", "promptmill", "brake", "on", "--provider", "grok", "--reason", "costs")
    done = await asyncio.to_thread(warm_python.run, *command, environment=settings_environment)

    assert done.returncode == 0
    assert f"grok: stopped by {operator().actor} (costs)" in done.stdout
