"""A job's history: each event in one plain sentence, and how long each stage took."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from api.jobs.sentences import status_text, with_reason
from api.schemas.events import Event, Stage
from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus, SubmissionState
from promptmill.contracts.prompts import PromptStatus
from promptmill.formats import money
from sql.models import JobEvent

WRITING: Final = "writing"
"""The stage in which Grok writes: the rest of `prompting` is spent waiting for Grok."""

_FACTS: Final = {
    "prompt": "the prompt",
    "promptCostUsd": "the prompt's cost",
    "predictionId": "WaveSpeed's prediction id",
    "outputs": "outputs",
    "mediaCostUsd": "WaveSpeed's price",
}
_REQUEST: Final = {
    "targetUrl": "the image to change",
    "refUrls": "the reference images",
    "maxPriceUsd": "the highest price",
} | {name: f"the {name}" for name in ("model", "input", "prompt", "priority")}
_ACCEPTED: Final = {
    "webhook": "WaveSpeed's webhook confirmed the submission.",
    "history": "The prediction was found in WaveSpeed's history.",
    "person": "A person identified the prediction.",
}
"""How it became known that WaveSpeed accepted a submission, if not from the response."""

_DECISIONS: Final = {
    "resubmit": "A person decided to resubmit the job.",
    "abandon": "The unclear submission was abandoned.",
}


def event_answer(event: JobEvent) -> Event:
    """Return one change of a job as callers see it."""
    return Event(
        sequence=event.sequence,
        at=event.at,
        status=event.status,
        reason_code=event.reason_code,
        text=event_text(event.status, event.reason_code, event.detail),
        detail=event.detail,
    )


def measure_stages(events: Sequence[JobEvent], now: datetime) -> list[Stage]:
    """Return the stages of a job in order; the last one is open until the job has ended.

    Args:
        events: All its events, oldest first.
        now: The end of an open stage.
    """
    begun: list[tuple[str, datetime]] = []
    end: datetime | None = None
    for event in events:
        if event.status in FINAL_STATUSES:
            # Facts recorded after the end take none of the job's time.
            end = end or event.at
        elif (stage := _stage(event)) and not (begun and _continues(begun[-1][0], stage)):
            begun.append((stage, event.at))
    ends = [*(at for _, at in begun[1:]), end or now][: len(begun)]
    return [
        Stage(stage=stage, seconds=max((until - at).total_seconds(), 0.0), open=end is None and index == len(begun))
        for index, ((stage, at), until) in enumerate(zip(begun, ends, strict=True), start=1)
    ]


def _stage(event: JobEvent) -> str:
    writes = event.status == JobStatus.PROMPTING and event.detail.get("promptStatus") == PromptStatus.GENERATING
    return WRITING if writes else event.status


def _continues(last: str, stage: str) -> bool:
    """Return whether the stage continues: retries of Grok count as writing, including their delays."""
    return last == stage or (last == WRITING and stage == JobStatus.PROMPTING)


def event_text(status: str, reason_code: str | None, detail: Mapping[str, Any]) -> str:
    """Return an event's sentence. Values of a newer version are shown unchanged."""
    for name, tell in _ASIDES.items():
        if name in detail:
            return tell(detail)
    return with_reason(_specific_text(status, detail) or status_text(status), reason_code)


def _specific_text(status: str, detail: Mapping[str, Any]) -> str | None:
    """Return what happened if the status alone does not say it."""
    ended = status in FINAL_STATUSES
    if "submissionState" in detail:
        return _submission_text(detail, ended=ended)
    if detail.get("facts") and status != JobStatus.COMPLETED:
        return f"Recorded: {', '.join(_FACTS.get(fact, fact) for fact in detail['facts'])}."
    # The status already says how the job ended.
    return None if ended else _prompt_text(detail)


def _submission_text(detail: Mapping[str, Any], *, ended: bool) -> str | None:
    """Return the outcome of a submission; if it ended the job, that event says so."""
    state, by = detail["submissionState"], detail.get("resolvedBy")
    if state == SubmissionState.ACCEPTED:
        usual = "WaveSpeed had accepted it." if ended else "WaveSpeed accepted it and is generating."
        return _ACCEPTED.get(by or "", usual)
    if state == SubmissionState.SUPERSEDED and detail.get("predictionId"):
        return f"An abandoned submission had created prediction {detail['predictionId']}."
    if state == SubmissionState.UNKNOWN:
        return status_text(JobStatus.SUBMIT_UNKNOWN)
    if state == SubmissionState.REJECTED and not ended:
        return "The job will be resubmitted." if by == "absence" else "WaveSpeed did not accept the submission."
    return None


def _candidates_text(detail: Mapping[str, Any]) -> str:
    count = len(detail["candidates"])
    return f"{count} prediction{'' if count == 1 else 's'} in WaveSpeed's history may match."


def _callback_text(detail: Mapping[str, Any]) -> str:
    seen = f"HTTP {detail['statusCode']}" if "statusCode" in detail else str(detail.get("error", "no response"))
    seen = seen.rstrip(".")
    return {
        "attempt": f"Callback delivery, attempt {detail.get('attempt')}: {seen}.",
        "delivered": "The callback was delivered.",
        "given_up": f"The callback could not be delivered: {seen}.",
    }.get(detail["callback"], "Callback delivery.")


def _bill_text(detail: Mapping[str, Any]) -> str:
    charged, refunded = (Decimal(str(detail["bill"][name])) for name in ("chargedUsd", "refundedUsd"))
    if not refunded:
        return f"WaveSpeed charged {money(charged)}."
    return f"WaveSpeed charged {money(charged)}, and refunded {'it' if refunded >= charged else money(refunded)}."


def _prompt_text(detail: Mapping[str, Any]) -> str | None:
    if "retryCount" in detail:
        return f"Grok failed; retrying (retry {detail['retryCount']} of {detail.get('maxRetries')})."
    if detail.get("promptStatus") == PromptStatus.GENERATING:
        again = f", attempt {detail['attempt']}" if detail.get("attempt", 1) > 1 else ""
        return f"Grok ({detail.get('model')}) is writing the prompt{again}."
    return {
        PromptStatus.COMPLETED: "The prompt is ready for submission to WaveSpeed.",
        PromptStatus.FAILED: "The prompt could not be written.",
    }.get(detail.get("promptStatus", ""))


_ASIDES: Final[dict[str, Callable[[Mapping[str, Any]], str]]] = {
    "erased": lambda told: (
        "It was erased, at Temporal and WaveSpeed too."
        if told["erased"] == "done"
        else "Its words, addresses and outputs were erased here."
    ),
    "restored": lambda _: "Restored from its workflow: the record came from an older backup.",
    "retriedBy": lambda told: f"Retried as job {told['retriedBy']}, although a submission of this one may be billed.",
    "retryOf": lambda told: f"Retries job {told['retryOf']}, although a submission of that one may be billed.",
    "callback": _callback_text,
    "decision": lambda told: _DECISIONS.get(told["decision"], "A person decided."),
    "candidates": _candidates_text,
    "changed": lambda told: f"Changed: {', '.join(_REQUEST.get(name, name) for name in told['changed'])}.",
    "bill": _bill_text,
    "budget": lambda told: f"Waiting: {told.get('problem')}.",
    "pause": lambda told: f"Waiting: {told['pause']}.",
    "providerStatus": lambda told: (
        f"WaveSpeed reports the unknown status “{told['providerStatus']}”. The prediction will be read until the job's "
        "time is up; check it at WaveSpeed, which may have finished it."
    ),
    "obstacle": lambda told: f"WaveSpeed's history cannot resolve it yet: {told['obstacle']}",
    "absentSince": lambda _: "Not found in WaveSpeed's history; it will be read once more to confirm.",
}
"""Events beside a job's own progress, whatever its status and reason, by the name in the detail."""
