"""Reports what is running and what is missing, from Postgres, Temporal and the settings independently."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import timedelta
from importlib.metadata import version
from typing import Any, Final, TypeVar

from temporalio.api.workflowservice.v1 import GetSystemInfoRequest
from temporalio.service import RPCError

from api.clock import now
from api.installation.budgets import budget_notices, budgets_of
from api.installation.notices import notices_of, sentence
from api.installation.queues import ask_queue, queue_problems, queues_of
from api.installation.reconciler import ReconcilerWatch
from api.schemas.installation import (
    AnnouncementReport,
    InstallationReport,
    OutputsReport,
    PostgresReport,
    ReadingsReport,
    SubmissionsReport,
    SwitchesReport,
    SwitchReport,
    TemporalReport,
    UploadsReport,
    WebhooksReport,
)
from api.schemas.pauses import QueueState
from api.uploads.pictures import PICTURE_TYPES
from promptmill.api_resources import ApiResources
from promptmill.config.settings import Settings
from promptmill.contracts.access import Caller
from promptmill.contracts.announcements import Announcement
from promptmill.contracts.erasure import ErasureBacklog
from promptmill.contracts.errors import RecordError
from promptmill.contracts.jobs import ProviderMode
from promptmill.store.health import READ_ONLY, record_problem
from promptmill.store.operations import AI_PROMPTS, ANNOUNCEMENT, DRAIN, OFF, ON, SUBMISSIONS_HELD
from promptmill.temporal.installation import identity_problem
from promptmill.temporal.search_attributes import search_attribute_gaps
from promptmill.version import installed_version
from sql.models import Switch

PATIENCE: Final = timedelta(seconds=3)
"""Timeout of one check: people and probes wait for it."""

Found = TypeVar("Found")


async def report_installation(
    resources: ApiResources, caller: Caller, streams_problem: str | None, reconciler: ReconcilerWatch
) -> InstallationReport:
    """Check everything, concurrently where possible, and report it; what is unavailable is a problem, not an error.

    Args:
        resources: What this process has opened.
        caller: Whoever asks, and is told of their own budgets; admins of all.
        streams_problem: Why live streams cannot be served.
        reconciler: Reads the reconciler's schedule and its last pass.
    """
    settings = resources.settings
    (postgres, switches), temporal, submissions, readings, (outputs, erasures), (budgets, owner) = await asyncio.gather(
        _ask_postgres(resources),
        report_temporal(resources, reconciler),
        report_submissions(resources),
        report_readings(resources),
        asyncio.gather(report_outputs(resources), _ask_erasures(resources)),
        asyncio.gather(
            _or_none(budgets_of(resources.store, caller)), _or_none(resources.store.limits.owner(caller.owner))
        ),
    )
    providers = provider_states(settings)
    missing = [*_postgres_problems(postgres), *_temporal_problems(temporal), *_provider_problems(providers)]
    if postgres.answers and temporal.answers:
        mismatch = await _or_none(identity_problem(resources.store, resources.temporal))
        missing += [mismatch] if mismatch else []
    missing += [streams_problem] if streams_problem else []
    problems = [*_switch_problems(switches), *missing]
    return InstallationReport(
        ok=not problems,
        problems=problems,
        notices=[
            *notices_of(switches, temporal, submissions, readings, missing, erasures=erasures, outputs=outputs),
            *budget_notices(budgets or ()),
        ],
        versions={
            "promptmill": installed_version(),
            "temporalio": version("temporalio"),
            "fastapi": version("fastapi"),
        },
        providers=providers,
        postgres=postgres,
        temporal=temporal,
        drain=switches.drain,
        submissions_held=switches.submissions_held,
        ai_prompts=switches.ai_prompts,
        queue=None if owner is None else QueueState.built_from(owner, owner=owner.name),
        announcement=switches.announcement,
        submissions=submissions,
        readings=readings,
        outputs=outputs,
        webhooks=WebhooksReport(
            on=settings.public_url is not None,
            public_url=settings.published_url,
            secret="configured" if settings.wavespeed_webhook_secret else "fetched",
        ),
        uploads=UploadsReport(
            max_bytes=settings.upload_max_bytes, max_pixels=settings.upload_max_pixels, types=list(PICTURE_TYPES)
        ),
        flags={
            # Unknown while Postgres is unavailable: nothing is refused on its account then.
            "aiPrompts": switches.ai_prompts is None or switches.ai_prompts.on,
            "allowPrivateAddresses": settings.allow_private_addresses,
            "simulatedOnly": settings.simulated_only,
            "tokenRequired": bool(settings.api_tokens)
            or settings.single_sign_on
            or bool(await _or_none(resources.store.access.any_key())),
        },
    )


async def report_submissions(resources: ApiResources) -> SubmissionsReport:
    """Report the rate of paid submissions; it is unknown while Postgres is unavailable."""
    settings = resources.settings
    pace = settings.submission_pace
    report = SubmissionsReport(
        tier=settings.wavespeed_tier,
        per_second=None,
        max_per_second=pace.per_second,
        concurrency=pace.concurrency,
    )
    account = resources.account
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            found = await resources.store.rates.in_force(account.base, account.key_fingerprint, pace)
    except (RecordError, TimeoutError):
        return report
    known: dict[str, Any] = {"per_second": round(found.per_second, 4), "since": found.lowered_at}
    if found.refused_at is not None:
        known |= {"lowered": True, "reason": f"WaveSpeed answered 429, most recently at {found.refused_at:%F %T} UTC."}
    return report.model_copy(update=known)


async def report_readings(resources: ApiResources) -> ReadingsReport:
    """Report whether results are read in time; nothing is known while Postgres is unavailable."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            backlog = await resources.store.readings.backlog()
    except (RecordError, TimeoutError):
        return ReadingsReport()
    return ReadingsReport(open=backlog.open, late_seconds=round(backlog.late_seconds, 1))


async def report_outputs(resources: ApiResources) -> OutputsReport:
    """Report what is stored and what waits; nothing is known while Postgres is unavailable."""
    most = resources.settings.outputs_max_bytes
    if resources.storage is None:
        return OutputsReport()
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            stock = await resources.store.outputs.stock(limited=most is not None)
    except (RecordError, TimeoutError):
        return OutputsReport(on=True, max_bytes=most)
    return OutputsReport.built_from(stock, on=True, max_bytes=most)


async def _ask_erasures(resources: ApiResources) -> ErasureBacklog:
    """Return what is still to be erased; nothing is known while Postgres is unavailable."""
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            return await resources.store.erasures.backlog()
    except (RecordError, TimeoutError):
        return ErasureBacklog()


def provider_states(settings: Settings) -> dict[str, str]:
    """Return whether each provider is real, simulated, or unusable because its key is missing."""
    asked = {
        "grok": (settings.grok_mode, settings.xai_api_key),
        "wavespeed": (settings.wavespeed_mode, settings.wavespeed_api_key),
    }
    return {
        name: "missing key" if mode is ProviderMode.REAL and key is None else str(mode)
        for name, (mode, key) in asked.items()
    }


async def _ask_postgres(resources: ApiResources) -> tuple[PostgresReport, SwitchesReport]:
    operations = resources.store.operations
    try:
        async with asyncio.timeout(PATIENCE.total_seconds()):
            revision = await operations.schema_revision()
            if revision is None:
                return PostgresReport(answers=True), SwitchesReport()
            found = await operations.switches()
            read_only = await record_problem(resources.store) == READ_ONLY
    except (RecordError, TimeoutError):
        return PostgresReport(answers=False), SwitchesReport()
    switches = SwitchesReport(
        drain=_stopped_report(found.get(DRAIN)),
        submissions_held=_stopped_report(found.get(SUBMISSIONS_HELD)),
        ai_prompts=_allowed_report(found.get(AI_PROMPTS)),
        announcement=_announcement_report(found.get(ANNOUNCEMENT)),
    )
    return PostgresReport(answers=True, read_only=read_only, schema_revision=revision), switches


def _stopped_report(switch: Switch | None) -> SwitchReport:
    """Return what a switch stops; one that is off reports nothing."""
    if switch is None or switch.value != ON:
        return SwitchReport()
    return SwitchReport(on=True, reason=switch.reason, by=switch.changed_by, since=switch.changed_at)


def _allowed_report(switch: Switch | None) -> SwitchReport:
    """Return what a flag allows; it defaults to on."""
    if switch is None:
        return SwitchReport(on=True)
    return SwitchReport(on=switch.value != OFF, reason=switch.reason, by=switch.changed_by, since=switch.changed_at)


def _announcement_report(switch: Switch | None) -> AnnouncementReport | None:
    """Return what is announced now."""
    found = Announcement.of_switch(switch.value, now()) if switch else None
    if switch is None or switch.reason is None or found is None:
        return None
    return AnnouncementReport(text=switch.reason, level=found.level, since=switch.changed_at, until=found.until)


async def report_temporal(resources: ApiResources, reconciler: ReconcilerWatch) -> TemporalReport:
    """Report whether Temporal responds, its queues and the reconciler's schedule."""
    client, settings = resources.temporal, resources.settings
    address = client.service_client.config.target_host
    unknown = TemporalReport(address=address, namespace=client.namespace, answers=False)
    try:
        async with asyncio.timeout(PATIENCE.total_seconds() * 2):
            info = await client.workflow_service.get_system_info(GetSystemInfoRequest(), timeout=PATIENCE)
            gaps = await search_attribute_gaps(client, settings.search_attribute_prefix)
            schedule = await reconciler.look(PATIENCE)
            named = queues_of(settings.task_queue, outputs=resources.storage is not None)
            queues = await asyncio.gather(*(ask_queue(client, *queue, PATIENCE) for queue in named))
    except (RPCError, RuntimeError, TimeoutError):
        return unknown
    return unknown.model_copy(
        update={
            "answers": True,
            "version": info.server_version,
            "missing_search_attributes": sorted(gaps.names),
            "search_attribute_problem": gaps.type_problem,
            "schedule": schedule,
            "queues": list(queues),
        }
    )


async def _or_none(question: Awaitable[Found]) -> Found | None:
    try:
        return await question
    except (RPCError, RuntimeError, RecordError):
        return None


def _postgres_problems(found: PostgresReport) -> list[str]:
    if not found.answers:
        return ["Postgres is not responding: check DATABASE_URL and that it is running."]
    if found.schema_revision is None:
        return ["The database has no schema: run `promptmill migrate`."]
    if found.read_only:
        return [READ_ONLY]
    return []


def _switch_problems(found: SwitchesReport) -> list[str]:
    held = found.submissions_held
    # A stopped intake is intended; held submissions need an operator.
    return [f"Submissions are on hold: {sentence(held)} Run `promptmill restore-check`."] if held and held.on else []


def _temporal_problems(found: TemporalReport) -> list[str]:
    if not found.answers:
        return [f"Temporal is not responding at {found.address}: check TEMPORAL_ADDRESS and that it is running."]
    problems = queue_problems(found.queues)
    if found.schedule is None:
        problems.append("The reconciler has no schedule: `POST /api/init` creates it.")
    if found.search_attribute_problem is not None:
        problems.append(found.search_attribute_problem)
    return problems


def _provider_problems(states: dict[str, str]) -> list[str]:
    variables = {"grok": "XAI_API_KEY", "wavespeed": "WAVESPEED_API_KEY"}
    return [f"{variables[name]} is not set." for name, state in states.items() if state == "missing key"]
