"""The deployment checklist, before and after."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from promptmill.cli.options import complain, say
from promptmill.config.settings import load_settings

if TYPE_CHECKING:
    from promptmill.checklist.target import Options

# Each command imports what it needs: `--help` must not wait for Temporal's SDK.
# ruff: noqa: PLC0415

commands = typer.Typer()


def _sheet_file(file: Path | None) -> Path | None:
    """Refuse a file before everything is gone through and cannot be written then."""
    if file is not None and file.suffix == ".json":
        raise typer.BadParameter("the sheet is Markdown, with JSON beside it: let the name end in .md")
    if file is not None and not file.parent.is_dir():
        raise typer.BadParameter(f"there is no folder {file.parent}")
    return file


AsJson = Annotated[bool, typer.Option("--json", help="As JSON, for programs.")]
Record = Annotated[
    Path | None,
    typer.Option(callback=_sheet_file, help="Write the dated sheet to this file (.md), and as JSON beside it."),
]
DeployedBy = Annotated[str | None, typer.Option(help="Who deployed; for the sheet.")]
VerifiedBy = Annotated[str | None, typer.Option(help="Who verified; for the sheet.")]
TestReports = Annotated[
    list[Path] | None,
    typer.Option(
        "--test-report",
        exists=True,
        dir_okay=False,
        help="JUnit XML of this release's suite or drills; may be given more than once, and judges their lines.",
    ),
]


@commands.command()
def preflight(
    *,
    record: Record = None,
    deployed_by: DeployedBy = None,
    verified_by: VerifiedBy = None,
    test_report: TestReports = None,
    as_json: AsJson = False,
) -> None:
    """Go through the checklist's lines that must hold before new code is started. Exits with 1 if one fails."""
    from promptmill.checklist.target import Options

    _go("preflight", Options(test_reports=test_report or ()), record, deployed_by, verified_by, as_json=as_json)


@commands.command()
def verify(
    *,
    record: Record = None,
    deployed_by: DeployedBy = None,
    verified_by: VerifiedBy = None,
    prometheus: Annotated[
        str | None, typer.Option(help="Where a Prometheus answers, such as http://127.0.0.1:9090.")
    ] = None,
    load_report: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="What `promptmill load --json` printed.")
    ] = None,
    logs: Annotated[
        Path | None, typer.Option(exists=True, help="File or folder in which the log lines of all processes arrive.")
    ] = None,
    test_report: TestReports = None,
    ask_grok: Annotated[
        bool, typer.Option("--ask-grok", help="Allow one prompt of a real Grok, for a fraction of a cent.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Go through the whole checklist after a deployment; exits with 1 if a line fails.

    Costs nothing and undoes what it made. PROMPTMILL_URL is the API; PROMPTMILL_KEY an operator's or admin's key.
    """
    from promptmill.checklist.target import Options

    options = Options(
        prometheus=prometheus, load_report=load_report, test_reports=test_report or (), logs=logs, ask_grok=ask_grok
    )
    _go("verify", options, record, deployed_by, verified_by, as_json=as_json)


def _go(
    command: Literal["preflight", "verify"],
    options: Options,
    file: Path | None,
    deployed_by: str | None,
    verified_by: str | None,
    *,
    as_json: bool,
) -> None:
    from promptmill.checklist.command import Signers, go_through
    from promptmill.checklist.command import record as write
    from promptmill.checklist.findings import Finding
    from promptmill.checklist.sheet import finding_lines, sheet_json

    def show(finding: Finding) -> None:
        if not as_json:
            for line, style in finding_lines(finding):
                say(line, style)

    signers = Signers(deployed_by, verified_by)
    sheet = asyncio.run(go_through(load_settings(), command, options, signers, show=show, warn=complain))
    if as_json:
        sys.stdout.write(f"{sheet_json(sheet)}\n")
        sys.stdout.flush()
    else:
        say(f"{sheet.summary}.", "bold red" if sheet.failed else "green")
    if file is not None:  # last: a full disk must not keep it from being shown
        said = write(file, sheet)
        if not as_json:
            say(said)
    raise typer.Exit(1 if sheet.failed else 0)
