"""Waits for the jobs of a line, says how they end, and saves what they made."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Final

import typer

from promptmill.cli.user.calling import INTERRUPTED, exit_code, lines_about
from promptmill.cli.user.saving import Place, save
from promptmill.cli.user.telling import Progress, address_lines, note, on_the_wire, print_json, progress

if TYPE_CHECKING:
    from promptmill_client import Client, Job

# Each command imports what it needs: `--help` must not wait for the client.
# ruff: noqa: PLC0415

TURN_SECONDS: Final = 2.0
"""How often progress is looked for."""

Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Wait for the outputs.")]
Within = Annotated[float | None, typer.Option("--timeout", min=0, help="Seconds to wait; then exit with 124.")]


def refuse_waiting_options(within: float | None, download: str | None, *, wait: bool) -> None:
    """Refuse what would be forgotten without waiting."""
    if not wait and (within is not None or download is not None):
        raise typer.BadParameter("--timeout and --download need --wait", param_hint="--no-wait")


@contextmanager
def going_on(jobs: Sequence[Job]) -> Iterator[None]:
    """Say how to find the jobs again if the command ends before they do."""
    from promptmill_client import PromptmillError

    try:
        yield
    except KeyboardInterrupt:
        _say_how_to_find(jobs)
        raise typer.Exit(INTERRUPTED) from None
    except PromptmillError:
        _say_how_to_find(jobs)
        raise


def _say_how_to_find(jobs: Sequence[Job]) -> None:
    for job in jobs:
        if not job.ended:
            note(f"Job {job.id} goes on: promptmill watch {job.id}")


def finish(client: Client, jobs: Sequence[Job], within: float | None, where: Place | None, *, as_json: bool) -> None:
    """Wait for the jobs, save their outputs and print them; ends the command with their exit code.

    Raises:
        typer.Exit: Always.
    """
    with going_on(jobs):
        began = time.monotonic()
        with progress() as shown:
            for number, job in enumerate(jobs, start=1):
                left = None if within is None else max(within - (time.monotonic() - began), 0)
                _wait(job, left, shown, f"{number}/{len(jobs)}: " if len(jobs) > 1 else "")
    code = max((_told(job) for job in jobs), default=0)
    try:
        if where is not None:
            for job in jobs:
                save(client, job.answer, where)
    finally:
        if as_json:
            print_jobs(jobs)
    raise typer.Exit(code)


def say_which(job: Job) -> None:
    """Say which job a line has made, or found."""
    note(f"job {job.id}" + (" of an earlier run of this line; --again makes a new one" if job.replayed else ""))


def print_jobs(jobs: Sequence[Job]) -> None:
    """Print one job as an object, several as a list."""
    told = [on_the_wire(job.answer) for job in jobs]
    print_json(told[0] if len(told) == 1 else told)


def _wait(job: Job, within: float | None, shown: Progress, place: str) -> None:
    """Wait until a job has ended or is unclear, and show its progress.

    Raises:
        WaitedOut: Not within so many seconds.
    """
    from promptmill_client import JobAnswer, WaitedOut

    until = None if within is None else time.monotonic() + within
    while not (job.ended or job.unclear):
        shown.tell(job.answer, place)
        left = TURN_SECONDS if until is None else min(TURN_SECONDS, until - time.monotonic())
        try:
            job.wait(max(left, 0))
        except WaitedOut as waited:
            if isinstance(waited.last, JobAnswer):
                job.answer = waited.last
            else:
                shown.say("The API does not answer; the job goes on.")
            if until is not None and time.monotonic() >= until:
                raise WaitedOut(f"Job {job.id} has not ended within {within:g} s.", waited.last) from None
    shown.tell(job.answer, place)


def _told(job: Job) -> int:
    """Say where a job's outputs are, or why it has none; return its exit code."""
    from promptmill_client import JobError
    from promptmill_client.flows import completed

    try:
        completed(job.answer)
    except JobError as error:
        for line in lines_about(error):
            note(line)
        return exit_code(error)
    for line in address_lines(job.answer):
        note(line)
    return 0
