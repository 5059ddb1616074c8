"""The notices that an operator should see first: what is stopped, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from api.schemas.installation import (
    Notice,
    OutputsReport,
    ReadingsReport,
    ScheduleReport,
    SubmissionsReport,
    SwitchesReport,
    SwitchReport,
    TemporalReport,
)
from promptmill.contracts.access import with_actor
from promptmill.contracts.erasure import ErasureBacklog
from promptmill.formats import rate

NO_ERASURES: Final = ErasureBacklog()
NO_OUTPUTS: Final = OutputsReport()
NEARLY_FULL_PERCENT: Final = 90
PROVIDERS: Final = {"grok": "Grok", "wavespeed": "WaveSpeed", "outputs": "outputs"}


def notices_of(
    switches: SwitchesReport,
    temporal: TemporalReport,
    submissions: SubmissionsReport,
    readings: ReadingsReport,
    missing: Sequence[str],
    *,
    erasures: ErasureBacklog = NO_ERASURES,
    outputs: OutputsReport = NO_OUTPUTS,
) -> Iterator[Notice]:
    """Return notices of what is stopped and what is missing.

    Args:
        switches: The record's switches.
        temporal: Its task queues and the reconciler's schedule; nothing is known of them while it is unavailable.
        submissions: How fast paid submissions are made.
        readings: Whether results are read in time.
        missing: Other problems, one sentence each.
        erasures: What is still to be deleted at Temporal and WaveSpeed.
        outputs: What is stored of the outputs, and what waits.
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
            stopped = SwitchReport(reason=queue.reason, by=queue.by)
            yield _notice(f"The queue to {name} is stopped.", stopped, "Its jobs wait; none is lost.")
    yield from _of_submissions(submissions)
    yield from _of_readings(readings)
    if temporal.schedule is not None:
        yield from _of_reconciler(temporal.schedule)
    yield from _of_erasures(erasures)
    yield from _of_outputs(outputs)
    if missing:
        yield Notice(tone="bad", title="Something is missing.", text=" ".join(missing))


def _of_submissions(submissions: SubmissionsReport) -> Iterator[Notice]:
    if submissions.lowered and submissions.per_second is not None:
        text = (
            f"WaveSpeed answered 429 (too many requests), so submissions are limited to {rate(submissions.per_second)} "
            f"instead of {rate(submissions.max_per_second)}. The rate rises again as long as no further 429 comes."
        )
        yield Notice(tone="attention", title="Submissions are slowed down.", text=text, since=submissions.since)


def _of_readings(readings: ReadingsReport) -> Iterator[Notice]:
    if readings.late:
        text = (
            f"{readings.open} results are still to be read, and one has been due for {readings.late_seconds:.0f} s. "
            "Check that a worker runs; PROMPTMILL_POLLS_PER_SECOND limits how many are read."
        )
        yield Notice(tone="attention", title="Results are read late.", text=text)


def _of_erasures(erasures: ErasureBacklog) -> Iterator[Notice]:
    if erasures.problem is not None:
        text = f"{erasures.pending} {'waits' if erasures.pending == 1 else 'wait'}; one because: {erasures.problem}"
        yield Notice(tone="attention", title="Erasures are not complete.", text=text)


def _of_outputs(outputs: OutputsReport) -> Iterator[Notice]:
    if outputs.at_risk:
        text = (
            f"WaveSpeed deletes {outputs.at_risk} within a day; each job says why. Download what you need by its "
            "address, and see docs/operations.md, 'Stored outputs'."
        )
        yield Notice(tone="bad", title="Outputs are not stored.", text=text)
    if outputs.max_bytes and outputs.full_percent >= NEARLY_FULL_PERCENT:
        text = (
            f"{(outputs.stored_bytes or 0) / 1e9:.1f} of {outputs.max_bytes / 1e9:g} GB are used. When it is full, the "
            "oldest outputs that nobody likes are deleted: like what you want to keep, download it, or raise "
            "PROMPTMILL_OUTPUTS_MAX_GB."
        )
        yield Notice(tone="attention", title="The storage of outputs is nearly full.", text=text)


def _of_reconciler(schedule: ScheduleReport) -> Iterator[Notice]:
    if schedule.paused:
        waits = "Terminated jobs stay open here, and jobs that could not be started when they were accepted wait."
        yield _notice("The reconciler is paused.", SwitchReport(reason=schedule.reason), waits)
    elif schedule.late:
        text = (
            "No pass has finished for too long: check that a worker is running, and look at recent passes in Temporal."
        )
        yield Notice(tone="bad", title="The reconciler is late.", text=text, since=schedule.last_finished_at)


def sentence(switch: SwitchReport) -> str:
    """Return the operator's reason and name as a sentence; empty if nothing is known."""
    words = with_actor(switch.reason, switch.by) or ""
    return f"{words}." if words and not words.endswith((".", "!", "?")) else words


def _notice(title: str, switch: SwitchReport, text: str) -> Notice:
    """Return a notice with the operator's reason before our own text."""
    return Notice(tone="attention", title=title, text=f"{sentence(switch)} {text}".strip(), since=switch.since)
