"""The notices that an operator should see first: what is stopped, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from api.schemas.installation import (
    Notice,
    ScheduleReport,
    SubmissionsReport,
    SwitchesReport,
    SwitchReport,
    TemporalReport,
)
from promptmill.formats import rate

PROVIDERS: Final = {"grok": "Grok", "wavespeed": "WaveSpeed"}


def notices_of(
    switches: SwitchesReport, temporal: TemporalReport, submissions: SubmissionsReport, missing: Sequence[str]
) -> Iterator[Notice]:
    """Return notices of what is stopped and what is missing.

    Args:
        switches: The record's switches.
        temporal: Its task queues and the reconciler's schedule; nothing is known of them while it is unavailable.
        submissions: How fast paid submissions are made.
        missing: Other problems, one sentence each.
    """
    if switches.drain and switches.drain.on:
        yield _notice("New jobs are not accepted.", switches.drain, "Running jobs continue.")
    if switches.submissions_held and switches.submissions_held.on:
        mend = "Run `promptmill restore-check`."
        yield _notice("Submissions to WaveSpeed are on hold.", switches.submissions_held, mend).model_copy(
            update={"tone": "bad"}
        )
    if switches.ai_prompts and not switches.ai_prompts.on:
        yield _notice("AI prompts are turned off.", switches.ai_prompts, "Write them yourself.")
    for queue in temporal.queues:
        if queue.stopped:
            name = PROVIDERS.get(queue.name.rsplit("-", 1)[-1], queue.name)
            stopped = SwitchReport(reason=queue.reason)
            yield _notice(f"The queue to {name} is stopped.", stopped, "Its jobs wait; none is lost.")
    yield from _of_submissions(submissions)
    if temporal.schedule is not None:
        yield from _of_reconciler(temporal.schedule)
    if missing:
        yield Notice(tone="bad", title="Something is missing.", text=" ".join(missing))


def _of_submissions(submissions: SubmissionsReport) -> Iterator[Notice]:
    if submissions.lowered and submissions.per_second is not None:
        text = (
            f"WaveSpeed answered 429 (too many requests), so at most {rate(submissions.per_second)} are submitted "
            f"instead of {rate(submissions.max_per_second)}, and more again while no other 429 comes."
        )
        yield Notice(tone="attention", title="Submissions are slowed down.", text=text, since=submissions.since)


def _of_reconciler(schedule: ScheduleReport) -> Iterator[Notice]:
    if schedule.paused:
        waits = "Terminated jobs stay open here, and jobs that could not be started when they were accepted wait."
        yield _notice("The reconciler is paused.", SwitchReport(reason=schedule.reason), waits)
    elif schedule.late:
        text = "No pass has finished for too long: check that a worker runs, and look at the latest passes in Temporal."
        yield Notice(tone="bad", title="The reconciler is late.", text=text, since=schedule.last_finished_at)


def _notice(title: str, switch: SwitchReport, text: str) -> Notice:
    """Return a notice with the operator's reason before our own text."""
    words = (switch.reason or "").strip()
    if words and not words.endswith((".", "!", "?")):
        words += "."
    return Notice(tone="attention", title=title, text=f"{words} {text}".strip(), since=switch.since)
