"""The report at the end: what was promised, what was attempted, and how unclear submissions ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from rich.console import Console
from rich.table import Table

from tests.chaos.evidence import Evidence
from tests.chaos.judgement import RULES, SLOW
from tests.chaos.run import Outcome

SHOWN = 10


def show(console: Console, outcome: Outcome) -> None:
    """Write the report."""
    console.print(_promises(outcome))
    console.print(_faults(outcome))
    for line in _lines(outcome):
        console.print(line)
    for violation in outcome.violations[:SHOWN]:
        console.print(f"[bold red]✗[/] {violation.rule}: {violation.what}")
        if violation.job_id is not None:
            _show_job(console, outcome.evidence, violation.job_id)
    if len(outcome.violations) > SHOWN:
        console.print(f"… and {len(outcome.violations) - SHOWN} more.")
    for kind in outcome.never_hit:
        console.print(f"[bold red]✗[/] never hit: {kind}")
    console.print("[bold green]PASSED[/]" if outcome.passed else "[bold red]FAILED[/]")


def _promises(outcome: Outcome) -> Table:
    broken = Counter(violation.rule for violation in outcome.violations)
    slowest = max((struck.moved_after or 0 for struck in outcome.struck), default=0)
    table = Table("what was promised", "broken", title="Promises", title_justify="left")
    for rule in RULES:
        name = f"{rule} (longest {slowest:.1f} s)" if rule == SLOW else rule
        table.add_row(name, f"[bold red]{broken[rule]}[/]" if broken[rule] else "[green]0[/]")
    return table


def _faults(outcome: Outcome) -> Table:
    table = Table("fault", "injected", "hit", title="Faults", title_justify="left")
    for kind in sorted(outcome.ordered):
        hits = outcome.hits[kind]
        table.add_row(kind, str(outcome.ordered[kind]), str(hits) if hits else "[bold red]0[/]")
    return table


def _lines(outcome: Outcome) -> Iterator[str]:
    jobs = outcome.evidence.jobs
    unclear = [job for job in jobs.values() if any(event.status == "submit_unknown" for event in job.events)]
    resolved = Counter(
        submission.resolved_by or "left"
        for job in unclear
        for submission in job.submissions
        if submission.resolved_by or submission.state == "unknown"
    )
    ends = Counter(job.status for job in jobs.values())
    how = ", ".join(
        f"{count} by {name}" if name != "left" else f"{count} left" for name, count in resolved.most_common()
    )
    yield f"seed {outcome.plan.seed}: {len(jobs)} jobs in {outcome.seconds:.0f} s"
    yield f"load: {len(jobs) / outcome.load_seconds:.1f} jobs/s; requests that callers repeated: {outcome.repeated}"
    yield f"charged: {len(outcome.evidence.charges)}; ends: " + ", ".join(f"{n} {s}" for s, n in ends.most_common())
    yield f"through submit_unknown: {len(unclear)} jobs; their submissions were resolved: {how or 'none'}"
    moved = [s for s in outcome.struck if s.moved_after is not None]
    yield "moves again after: " + ", ".join(f"{s.moved_after:.1f} s ({s.blow.kind})" for s in moved)
    if not outcome.settled:
        yield "[yellow]Not everything had settled when the time was up.[/]"


def _show_job(console: Console, evidence: Evidence, job_id: str) -> None:
    """Show a job's history: events, submissions, charges."""
    job = evidence.jobs.get(job_id)
    console.print(f"    job {job_id}" + (f", {job.status}, workflow {job.run}" if job else ": no row"))
    if job is None:
        return
    for event in job.events:
        at = f"{event.at:%H:%M:%S.%f}"[:-3]
        console.print(
            f"      {event.sequence:3} {at} {event.status} {event.reason_code or ''} {event.detail}", markup=False
        )
    for submission in job.submissions:
        console.print(f"      submission {submission}", markup=False)
    for charge in evidence.charges:
        if charge.job_id == job_id:
            console.print(f"      charged {charge.prediction_id}", markup=False)
