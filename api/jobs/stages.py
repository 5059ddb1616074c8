"""Tells where a job's time went: the parts of its way, from its events."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from api.schemas.answers import Stage
from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus
from promptmill.contracts.prompts import PromptStatus
from sql.models import JobEvent

WRITING: Final = "writing"
"""While Grok writes: the rest of `prompting` is waiting for Grok."""


def measure_stages(events: Sequence[JobEvent], now: datetime) -> list[Stage]:
    """Return the parts of a job's way in order; the last one is open until the job has ended.

    Args:
        events: All its events, the oldest first.
        now: Until when an open part lasts.
    """
    begun: list[tuple[str, datetime]] = []
    end: datetime | None = None
    for event in events:
        if event.status in FINAL_STATUSES:
            # Facts that come after the end take none of the job's time.
            end = end or event.at
        elif (stage := _stage(event)) and not (begun and _goes_on(begun[-1][0], stage)):
            begun.append((stage, event.at))
    ends = [*(at for _, at in begun[1:]), end or now][: len(begun)]
    return [
        Stage(stage=stage, seconds=max((until - at).total_seconds(), 0.0), open=end is None and index == len(begun))
        for index, ((stage, at), until) in enumerate(zip(begun, ends, strict=True), start=1)
    ]


def _stage(event: JobEvent) -> str:
    writes = event.status == JobStatus.PROMPTING and event.detail.get("promptStatus") == PromptStatus.GENERATING
    return WRITING if writes else event.status


def _goes_on(last: str, stage: str) -> bool:
    """Return whether nothing new has begun: what Grok is asked again counts as writing, the pauses included."""
    return last == stage or (last == WRITING and stage == JobStatus.PROMPTING)
