"""The JSON file beside each stored output: everything that made it, for whoever finds the file by itself."""

from __future__ import annotations

import json
from typing import Any, Final

from promptmill.contracts.outputs import Placement
from promptmill.version import installed_version
from sql.models import Job

_OF_JOB: Final = {
    "model": "model",
    "kind": "kind",
    "prompt": "prompt",
    "promptSource": "prompt_source",
    "originalPrompt": "original_prompt",
    "instructions": "instructions",
    "targetUrl": "target_url",
    "refUrls": "ref_urls",
    "input": "input",
    "providerMode": "provider_mode",
    "jobId": "id",
    "promptJobId": "prompt_job_id",
    "retryOf": "retry_of",
    "predictionId": "prediction_id",
    "metadata": "caller_metadata",
    "mediaCostUsd": "media_cost_usd",
    "mediaCostSource": "media_cost_source",
    "promptCostUsd": "prompt_cost_usd",
    "createdAt": "created_at",
    "dispatchedAt": "dispatched_at",
    "completedAt": "completed_at",
}
"""What the file says of the job, by its name there. The cost is the one that was known when the output was stored."""


def recipe(job: Job, placement: Placement) -> bytes:
    """Return the file's content."""
    of_job = {name: getattr(job, column) for name, column in _OF_JOB.items()}
    of_file = {
        "index": placement.index,
        "contentType": placement.content_type,
        "bytes": placement.bytes,
        "width": placement.width,
        "height": placement.height,
        "durationSeconds": placement.duration_seconds,
        "sha256": placement.sha256,
    }
    content = {"file": of_file, **of_job, "madeBy": f"Promptmill {installed_version()}"}
    return json.dumps(content, default=_plain, ensure_ascii=False, indent=2).encode() + b"\n"


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: a time in RFC 3339, an amount as a number, an id as text."""
    if hasattr(value, "isoformat"):
        return value.isoformat().replace("+00:00", "Z")
    return float(value) if hasattr(value, "as_tuple") else str(value)
