"""`make drills`: every alert of deploy/monitoring and deploy/logging is seen to fire, and to end, by its cause.

A real Prometheus with the rules of production, in which a minute stands for an hour (`tests/drills/quickened.py`), a
real Alertmanager and a receiver watch a real installation, in which things go wrong (`tests/drills/alert_causes.py`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client

from tests.drills.alert_causes import CAUSES
from tests.drills.alert_scene import Scene, open_scene
from tests.fixtures.session import StartProcess, WarmPython
from tests.simulator_control import SimulatorControl

pytestmark = pytest.mark.timeout(3600)

UNSEEN: Final[dict[str, str]] = {}
"""Alerts whose cause cannot be brought about here, and why."""

FROM_THE_BEGINNING: Final = "certificates_were_not_renewed"

ACTS: Final = (
    (
        # What lasts an hour and disturbs nothing else.
        *("the_brake_is_on", "ai_prompts_are_off", "an_owner_is_paused"),
        *("backups_are_old", "the_reconcilers_schedule_is_paused", "the_balance_is_low"),
        "an_output_waits_for_days",
    ),
    ("intake_is_closed",),
    ("wavespeed_does_not_answer",),
    ("wavespeed_answers_429",),
    ("budgets_are_used",),
    ("more_is_spent_than_usual",),
    ("a_submission_is_unclear",),
    ("jobs_fail",),
    ("callbacks_fail",),
    ("generating_takes_hours",),
    ("no_worker_runs_workflows",),
    ("the_worker_is_too_slow",),
    ("workflows_cannot_go_on",),
    ("all_workers_hang",),
    ("a_worker_waits_for_postgres",),
    ("an_old_record_was_restored",),
    ("temporal_is_out_of_reach",),
    ("prompts_wait",),
    ("grok_does_not_answer",),
    ("grok_fails",),
    ("grok_is_slow",),
    ("a_transaction_holds_rows",),
    ("transactions_are_long",),
    ("postgres_is_a_standby",),
    ("postgres_is_out_of_reach",),
    ("the_api_has_ended",),
)
"""Causes at the same time, one act after the other."""


@dataclass
class Play:
    """What was seen of the causes, and said while it is seen: the drill takes its time."""

    scene: Scene
    say: Callable[[str], None]
    began: float = field(default_factory=time.monotonic)
    failed: list[str] = field(default_factory=list)

    async def acts(self, acts: Sequence[Sequence[str]]) -> None:
        """Show the causes of each act at the same time, one act after the other."""
        for act in acts:
            await asyncio.gather(*(self.show(name) for name in act))

    async def show(self, name: str, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        """Bring a cause about, see its alerts, take it back, and see their ends.

        What goes wrong is noted, and the drill goes on: it ends with all that was not seen.
        """
        since, found = len(self.scene.contacts.told), CAUSES[name]
        with self._noting(name):
            async with found.holds(self.scene):
                if meanwhile is not None:
                    await meanwhile()
                with self._noting(name):  # here, too: whatever was not seen, the cause is taken back
                    for alert in found.alerts:
                        await self.scene.fires(alert, since)
                        self._tell(f"{alert} fires: {name}")
            for alert in found.alerts:
                await self.scene.is_over(alert)
                self._tell(f"{alert} is over")

    @contextmanager
    def _noting(self, what: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever it is, the other alerts are to be seen
            self.failed.append(f"{what}: {error}")
            self._tell(f"FAILED {what}: {error}")

    def _tell(self, what: str) -> None:
        self.say(f"{time.monotonic() - self.began:6.0f} s  {what}")


async def test_every_alert_fires_and_ends(
    start_process: StartProcess,
    warm_python: WarmPython,
    settings_environment: dict[str, str],
    temporal: Client,
    grok_control: SimulatorControl,
    wavespeed_control: SimulatorControl,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    def say(what: str) -> None:
        with capfd.disabled():
            print(what, flush=True)  # noqa: T201

    simulators = grok_control, wavespeed_control
    async with open_scene(settings_environment, start_process, warm_python, temporal, simulators, tmp_path) as scene:
        await scene.reach("completed", [await scene.create()])
        play = Play(scene, say)
        await play.show(FROM_THE_BEGINNING, lambda: play.acts(ACTS))
    assert play.failed == []
