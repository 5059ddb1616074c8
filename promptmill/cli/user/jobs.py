"""`promptmill jobs`, `show`, `watch`, `cancel` and `download`."""

from __future__ import annotations

from itertools import islice
from typing import Annotated
from uuid import UUID

import typer

from promptmill.cli.options import checked
from promptmill.cli.user.calling import AsJson, Profile, calling
from promptmill.cli.user.following import Within, finish, print_jobs
from promptmill.cli.user.saving import Download, place, save
from promptmill.cli.user.telling import address_lines, on_the_wire, print_json, print_table, print_text
from promptmill.formats import money

commands = typer.Typer()

JobId = Annotated[UUID, typer.Argument(metavar="ID", help="The job's id.", show_default=False)]
WORDS = 48
"""Characters of a prompt in a list."""


@commands.command("jobs")
def list_jobs(
    *,
    status: Annotated[list[str] | None, typer.Option(help="Only jobs with this status; may be repeated.")] = None,
    model: Annotated[list[str] | None, typer.Option(help="Only jobs of this model; may be repeated.")] = None,
    text: Annotated[
        str | None,
        typer.Option("-q", "--text", help="Only jobs with this text in their prompts, models, ids or labels."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="How many at most.")] = 20,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """List jobs, newest first."""
    with calling(profile) as client:
        found = client.jobs(status=status, model=model, q=text, limit=min(limit, 200))
        jobs = list(islice(found, limit))
    if as_json:
        print_json([on_the_wire(job) for job in jobs])
        return
    rows = (
        (
            str(job.job_id),
            str(job.status),
            job.model,
            "" if job.media_cost_usd is None else money(job.media_cost_usd),
            (job.prompt or job.instructions or "")[:WORDS],
        )
        for job in jobs
    )
    print_table(("ID", "STATUS", "MODEL", "COST", "PROMPT"), rows)


@commands.command()
def show(job_id: JobId, *, as_json: AsJson = False, profile: Profile = None) -> None:
    """Show a job and what happened to it."""
    with calling(profile) as client:
        job = client.job(job_id)
        if as_json:
            print_jobs([job])
            return
        timeline = job.timeline()
    answer = job.answer
    facts = [
        ("job", str(answer.job_id)),
        ("model", answer.model),
        ("status", answer.status_text),
        ("paid", answer.paid_text),
        ("prompt", answer.prompt or ""),
    ]
    if answer.error is not None:
        why = answer.error
        facts += [("reason", why.reason_code or ""), ("why", why.message), ("hint", why.hint or "")]
    facts += [("output", line) for line in address_lines(answer)]
    facts += [(f"{event.at:%H:%M:%S}", event.text) for event in timeline.items]
    print_table(("", ""), [fact for fact in facts if fact[1]])


@commands.command()
def watch(
    job_id: JobId,
    *,
    timeout: Within = None,
    download: Download = None,
    as_json: AsJson = False,
    profile: Profile = None,
) -> None:
    """Wait for a job. Exits as `run` does."""
    where = None if download is None else checked(place, download, "--download")
    with calling(profile) as client:
        finish(client, [client.job(job_id)], timeout, where, as_json=as_json)


@commands.command()
def cancel(job_id: JobId, *, as_json: AsJson = False, profile: Profile = None) -> None:
    """Cancel a job, or say how it ended."""
    with calling(profile) as client:
        job = client.job(job_id).cancel()
    if as_json:
        print_jobs([job])
    else:
        print_text(f"{job.answer.status_text} {job.answer.paid_text}".strip())


@commands.command()
def download(
    job_id: JobId,
    template: Annotated[str, typer.Argument(help="A folder, or a template as for `run`.")] = "./",
    *,
    profile: Profile = None,
) -> None:
    """Save a job's outputs. Nothing is overwritten."""
    where = checked(place, template, "TEMPLATE")
    with calling(profile) as client:
        save(client, client.job(job_id).answer, where)
