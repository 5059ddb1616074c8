"""Says in one plain sentence what an event tells: from its status, its reason and its detail."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from api.sentences import status_text, with_reason
from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus, SubmissionState
from promptmill.contracts.prompts import PromptStatus

_FACTS: Final = {
    "prompt": "a written prompt",
    "promptCostUsd": "what the prompt cost",
    "predictionId": "WaveSpeed's prediction id",
    "outputs": "outputs",
    "mediaCostUsd": "WaveSpeed's price",
}
_SUBMISSIONS: Final = {
    SubmissionState.ACCEPTED: "WaveSpeed accepted it and is making it.",
    SubmissionState.REJECTED: "WaveSpeed did not take it.",
    SubmissionState.UNKNOWN: status_text(JobStatus.SUBMIT_UNKNOWN),
}


def event_text(status: str, reason_code: str | None, detail: Mapping[str, Any]) -> str:
    """Return what an event says. Words of a newer version are shown as they are."""
    return with_reason(_news(status, detail) or status_text(status), reason_code)


def _news(status: str, detail: Mapping[str, Any]) -> str | None:
    """Return what happened where the status alone does not tell; an end is told by its status."""
    if status in FINAL_STATUSES and detail.get("facts") is None:
        return None
    if "submissionState" in detail:
        return _SUBMISSIONS.get(detail["submissionState"])
    if "retryCount" in detail:
        return f"Grok could not help; it is asked again (retry {detail['retryCount']} of {detail.get('maxRetries')})."
    if "promptStatus" in detail:
        return _prompt_news(detail)
    if detail.get("facts") and status != JobStatus.COMPLETED:
        return f"Noted: {', '.join(_FACTS.get(fact, fact) for fact in detail['facts'])}."
    return None


def _prompt_news(detail: Mapping[str, Any]) -> str | None:
    if detail["promptStatus"] == PromptStatus.GENERATING:
        again = f", attempt {detail['attempt']}" if detail.get("attempt", 1) > 1 else ""
        return f"Grok ({detail.get('model')}) is writing the prompt{again}."
    return {
        PromptStatus.COMPLETED: "The prompt is written; on its way to WaveSpeed.",
        PromptStatus.FAILED: "The prompt could not be written.",
    }.get(detail["promptStatus"])
