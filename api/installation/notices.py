"""Says in words what a person should be told first of an installation: what is stopped, and what is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from api.schemas.installation import Notice, QueueReport, SwitchesReport, SwitchReport

PROVIDERS: Final = {"grok": "Grok", "wavespeed": "WaveSpeed"}


def notices_of(switches: SwitchesReport, queues: Sequence[QueueReport], missing: Sequence[str]) -> Iterator[Notice]:
    """Tell what is stopped, and what is missing.

    Args:
        switches: The record's switches.
        queues: The task queues.
        missing: What else is wrong, one sentence each.
    """
    if switches.drain and switches.drain.on:
        yield _notice("New jobs are not accepted.", switches.drain, "Jobs that run go on.")
    if switches.submissions_held and switches.submissions_held.on:
        mend = "Run `promptmill restore-check`."
        yield _notice("Submissions to WaveSpeed are stopped.", switches.submissions_held, mend).model_copy(
            update={"tone": "bad"}
        )
    if switches.ai_prompts and not switches.ai_prompts.on:
        yield _notice("Grok is not asked for new prompts.", switches.ai_prompts, "Write them yourself.")
    for queue in queues:
        if queue.stopped:
            name = PROVIDERS.get(queue.name.rsplit("-", 1)[-1], queue.name)
            stopped = SwitchReport(reason=queue.reason)
            yield _notice(f"The queue to {name} is stopped.", stopped, "Its jobs wait and lose nothing.")
    if missing:
        yield Notice(tone="bad", title="Something is missing.", text=" ".join(missing))


def _notice(title: str, switch: SwitchReport, text: str) -> Notice:
    """Return a notice with the words of whoever set the switch before our own."""
    words = (switch.reason or "").strip()
    if words and not words.endswith((".", "!", "?")):
        words += "."
    return Notice(tone="attention", title=title, text=f"{words} {text}".strip(), since=switch.since)
