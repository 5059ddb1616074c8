"""The drill of operators: brake, drain, restore, roll back."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final
from uuid import UUID

from promptmill.commands.drills.ground import DrillRefused, Finding, Ground, Scene
from promptmill.commands.operator import operator
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.audit import Action, AuditFilter
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import JobStatus
from promptmill.store import open_store
from promptmill.store.functions import SQL_FOLDER
from promptmill.store.migrations import migrate
from promptmill.store.operations import OFF, ON
from sql.models import AuditEntry

WAITS: Final = "waits"
PROBE: Final = "probe"
"""A job that shows that API and command have the same record."""

BRAKE: Final = "provider:wavespeed"
FUNCTION: Final = "look_pause.sql"
"""A function that the other release has with another comment, and with nothing else that is different."""

_MOST: Final = 500


def prepare(ground: Ground, scene: Scene) -> Scene:
    """Hold submissions as after a restore, and bring out another release's functions."""
    probe = ground.create(scene, PROBE, prompt=f"A lighthouse in the fog, {scene.run}")
    asyncio.run(_prepare(ground.settings, scene, UUID(probe)))
    return scene


def briefing(scene: Scene) -> Sequence[str]:
    """Return what has happened, and what is to be done."""
    labels = f'{{"drill": "{scene.run}", "case": "{WAITS}"}}'
    return [
        "1. Somebody orders with a wrong model: stop spending at WaveSpeed.",
        f"   Create a job with the metadata {labels}, and see that it waits.",
        "2. There is to be maintenance: drain the installation.",
        "3. Last night a backup was restored, and submissions are on hold: see what is missing, and release them.",
        "   Then take a backup, and show that it can be restored.",
        "4. A release was brought out whose SQL functions are wrong: take them back to those of this checkout.",
        "At the end all is open again, and the job has its picture.",
        "docs/training/operator.md says what is asked for. Then: .venv/bin/promptmill drill operator --check",
    ]


def check(ground: Ground, scene: Scene, _: Mapping[str, str]) -> Iterator[Finding]:
    """Say what has been done since the scene was set, by the audit log and the record."""
    log, differing, verified_at = asyncio.run(_read(ground.settings, scene))
    brakes = [entry for entry in log if entry.action == Action.BRAKE_SET and entry.target == BRAKE]
    stopped = [entry for entry in brakes if _after(entry, "perSecond") == 0]
    released = bool(stopped) and _after(brakes[-1], "perSecond") != 0
    yield _of("WaveSpeed's queue was stopped, with a reason", stopped and _after(stopped[0], "reason"), "set the brake")
    yield _of("and is released", released, "release the brake")
    yield _of_job(ground, scene, (stopped[0].at, brakes[-1].at) if released else None)
    drains = [_after(entry, "value") for entry in log if entry.target == "switch:drain"]
    yield _of("Intake was stopped", ON in drains, "drain the installation")
    yield _of("and is open again", drains[-1:] == [OFF], "reopen intake")
    held = [_after(entry, "value") for entry in log if entry.target == "switch:submissions_held"]
    yield _of("Submissions are released after a look", held[-1:] == [OFF], "run restore-check, and release them")
    fresh = bool(log) and verified_at > log[0].at.timestamp()
    yield _of("A new backup was restored and compared", fresh, "take a backup, and verify it")
    yield _of("The functions are those of this checkout", not differing, f"take {', '.join(differing)} back")


def _of(fact: str, done: object, otherwise: str) -> Finding:
    return Finding(fact, None if done else otherwise)


def _of_job(ground: Ground, scene: Scene, brake: tuple[datetime, datetime] | None) -> Finding:
    fact = "A job waited meanwhile, and has its picture now"
    jobs = ground.jobs(scene, WAITS)
    if brake is not None:
        began, ended = brake
        jobs = [job for job in jobs if began <= datetime.fromisoformat(job["createdAt"]) <= ended]
    if not jobs:
        return Finding(fact, f"create one with the case {WAITS} while the brake is on")
    done = brake is not None and any(job["status"] == JobStatus.COMPLETED for job in jobs)
    return Finding(fact, None if done else f"it is {jobs[0]['status']}")


def _after(entry: AuditEntry, name: str) -> object:
    return (entry.after or {}).get(name)


def _reason(scene: Scene) -> str:
    return f"drill {scene.run}: an older backup was restored"


async def _prepare(settings: Settings, scene: Scene, probe: UUID) -> None:
    url = settings.require_database_url()
    async with open_store(url, pool_size=1) as store:
        try:
            await store.jobs.get(probe)
        except RecordNotFound:
            raise DrillRefused("DATABASE_URL is another record than that of the API: nothing was changed.") from None
        await store.operations.hold_submissions(_reason(scene), by=operator())
    with tempfile.TemporaryDirectory() as folder:
        release = Path(folder, "sql")
        shutil.copytree(SQL_FOLDER, release, ignore=shutil.ignore_patterns("__pycache__"))
        function = release / "functions" / FUNCTION
        function.write_text(f"{function.read_text(encoding='utf-8')}\n-- Of another release: {scene.run}.\n", "utf-8")
        await migrate(url, folder=release)


async def _read(settings: Settings, scene: Scene) -> tuple[list[AuditEntry], list[str], float]:
    """Return the audit log since the scene was set, oldest first; what differs; when a backup was last verified."""
    async with open_record(settings) as store:
        entries = [*reversed(await store.audit.list(AuditFilter(limit=_MOST)))]
        began = [place for place, entry in enumerate(entries) if _after(entry, "reason") == _reason(scene)]
        figures = await store.monitoring.figures([])
        return (
            entries[began[0] :] if began else [],
            await store.operations.differing_functions(),
            figures.verified_backup_at,
        )
