"""`promptmill preflight` and `promptmill verify`: judge the lines, show them, write the sheet."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from temporalio.api.workflowservice.v1 import GetSystemInfoRequest

from promptmill.checklist.findings import Finding
from promptmill.checklist.lines import read_checklist
from promptmill.checklist.run import judge
from promptmill.checklist.sheet import Sheet, record_sheet
from promptmill.checklist.target import Options, open_target
from promptmill.commands.instance import instance_url
from promptmill.commands.record import open_record
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.temporal import connect
from promptmill.version import installed_version

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Signers:
    """Who deployed, and who verified it; None: the sheet has a line for the name."""

    deployed_by: str | None = None
    verified_by: str | None = None


async def go_through(
    settings: Settings,
    command: Literal["preflight", "verify"],
    options: Options,
    signers: Signers,
    *,
    show: Callable[[Finding], None],
    warn: Callable[[str], None],
) -> Sheet:
    """Judge every line that belongs to a command, showing each at once: `preflight` those before, `verify` all.

    What this run has made and cannot undo, though no line says so, is told to `warn`.

    Raises:
        ConfigurationError: The checklist is not there, or a report that was given is none.
    """
    lines = [line for line in read_checklist().lines if command == "verify" or line.phase == "before"]
    versions = await read_versions(settings)
    findings: list[Finding] = []
    async with open_target(settings, options, warn) as target:
        for line in lines:  # in their order, since later ones look at what earlier ones made
            findings.append(await judge(target, line))
            show(findings[-1])
    return Sheet(
        command=command,
        at=datetime.now(UTC),  # noqa: TID251  # not in a workflow
        installation=instance_url(),
        versions=versions,
        deployed_by=signers.deployed_by,
        verified_by=signers.verified_by,
        contacts=settings.contacts,
        findings=tuple(findings),
    )


async def read_versions(settings: Settings) -> Mapping[str, str]:
    """Return the versions of what is deployed and of what it runs on; `unknown` where nobody answers."""
    versions = {"release": installed_version(), "schema": UNKNOWN, "Postgres": UNKNOWN, "Temporal": UNKNOWN}
    with suppress(Exception):  # whatever it is, the lines say what is wrong
        async with open_record(settings) as store:
            versions["Postgres"] = await store.catalogue.postgres_version()
            versions["schema"] = await store.operations.schema_revision() or "none"
    with suppress(Exception):
        client = await connect(settings)
        versions["Temporal"] = (await client.workflow_service.get_system_info(GetSystemInfoRequest())).server_version
    return versions


def record(file: Path, sheet: Sheet) -> str:
    """Write the sheet to a file and its JSON beside it, and say where.

    Raises:
        ConfigurationError: It cannot be written.
    """
    try:
        beside = record_sheet(file, sheet, read_checklist().sections)
    except OSError as error:
        raise ConfigurationError(f"--record: {error}.") from None
    return f"The sheet is in {file} and {beside}."
