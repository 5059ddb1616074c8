"""Why something ended or is waiting: the reason codes, each with a message and what a person can do."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class ReasonCode(StrEnum):
    """A stable code for a cause. Never changed once released; clients must expect new ones."""

    # Grok
    GROK_BAD_KEY = "grok_bad_key"
    GROK_NO_CREDIT = "grok_no_credit"
    GROK_REFUSED = "grok_refused"
    GROK_BAD_PICTURE = "grok_bad_picture"
    GROK_TOO_LONG = "grok_too_long"
    GROK_BAD_REQUEST = "grok_bad_request"
    GROK_UNKNOWN_MODEL = "grok_unknown_model"
    GROK_RATE_LIMITED = "grok_rate_limited"
    GROK_UNAVAILABLE = "grok_unavailable"
    GROK_BAD_ANSWER = "grok_bad_answer"
    # WaveSpeed: the submission
    WAVESPEED_BAD_KEY = "wavespeed_bad_key"
    WAVESPEED_NO_CREDIT = "wavespeed_no_credit"
    WAVESPEED_FORBIDDEN = "wavespeed_forbidden"
    WAVESPEED_UNKNOWN_MODEL = "wavespeed_unknown_model"
    WAVESPEED_BAD_INPUT = "wavespeed_bad_input"
    WAVESPEED_RATE_LIMITED = "wavespeed_rate_limited"
    WAVESPEED_UNREACHABLE = "wavespeed_unreachable"
    SUBMIT_UNCLEAR = "submit_unclear"
    SUBMISSION_ABSENT = "submission_absent"
    SUBMISSION_ABANDONED = "submission_abandoned"
    SUBMISSIONS_HELD = "submissions_held"
    BUDGET_EXHAUSTED = "budget_exhausted"
    OWNER_PAUSED = "owner_paused"
    PRICE_ABOVE_MAX = "price_above_max"
    PROVIDER_MODE_CHANGED = "provider_mode_changed"
    REQUEST_MISMATCH = "request_mismatch"
    # WaveSpeed: the prediction
    GENERATION_FAILED = "generation_failed"
    GENERATION_MODERATED = "generation_moderated"
    GENERATION_BAD_INPUT = "generation_bad_input"
    GENERATION_INPUT_UNREACHABLE = "generation_input_unreachable"
    GENERATION_UNAVAILABLE = "generation_unavailable"
    GENERATION_WITHOUT_OUTPUT = "generation_without_output"
    GENERATION_STOPPED = "generation_stopped"
    PREDICTION_GONE = "prediction_gone"
    # the job's lifecycle
    DEADLINE_PASSED = "deadline_passed"
    GENERATE_TIMEOUT = "generate_timeout"
    CANCEL_REQUESTED = "cancel_requested"
    WORKFLOW_CANCELLED = "workflow_cancelled"
    WORKFLOW_TERMINATED = "workflow_terminated"
    WORKFLOW_TIMED_OUT = "workflow_timed_out"
    WORKFLOW_FAILED = "workflow_failed"
    WORKFLOW_GONE = "workflow_gone"


class Reason(NamedTuple):
    """What a reason code means (`message`) and what a person can do about it (`hint`)."""

    message: str
    hint: str


_AGAIN = "Create the job again later."
_LOOK_AGAIN = (
    "If it was billed, its media is still fetched for several days: check again before creating the job again."
)

REASONS: Final[dict[ReasonCode, Reason]] = {
    ReasonCode.GROK_BAD_KEY: Reason(
        "xAI rejected the API key.",
        "Set XAI_API_KEY to a valid key, restart the worker, and create the job again.",
    ),
    ReasonCode.GROK_NO_CREDIT: Reason(
        "The xAI team is out of credit or has reached its spending limit.",
        "Add credit or raise the limit in the xAI console, then create the job again.",
    ),
    ReasonCode.GROK_REFUSED: Reason(
        "Grok refused to write this prompt because it violates xAI's usage policy.",
        "Change the instructions or the images, or write the prompt yourself.",
    ),
    ReasonCode.GROK_BAD_PICTURE: Reason(
        "Grok could not use one of the images.",
        "Use JPEG or PNG images of at most 20 MiB at a URL that xAI can reach.",
    ),
    ReasonCode.GROK_TOO_LONG: Reason(
        "The request is too long for the model.", "Shorten the instructions or the prompt, or use fewer images."
    ),
    ReasonCode.GROK_BAD_REQUEST: Reason(
        "xAI rejected the request.",
        "See xAI's message; if it names a model parameter, change it in PROMPTMILL_GROK_MODELS.",
    ),
    ReasonCode.GROK_UNKNOWN_MODEL: Reason(
        "None of the configured Grok models is available to this key.",
        "Set PROMPTMILL_GROK_MODELS to models listed by `promptmill check`.",
    ),
    ReasonCode.GROK_RATE_LIMITED: Reason(
        "xAI is rate-limiting requests.",
        "No action needed: it is retried. If it persists, lower PROMPTMILL_GROK_PER_SECOND.",
    ),
    ReasonCode.GROK_UNAVAILABLE: Reason(
        "Grok did not respond.",
        _AGAIN + " A job can also be told to continue without Grok.",
    ),
    ReasonCode.GROK_BAD_ANSWER: Reason(
        "Grok's responses were unusable.",
        _AGAIN + " Simpler instructions may help.",
    ),
    ReasonCode.WAVESPEED_BAD_KEY: Reason(
        "WaveSpeed rejected the API key.",
        "Set WAVESPEED_API_KEY to a valid key of an account with credit, restart the worker, and create the job again.",
    ),
    ReasonCode.WAVESPEED_NO_CREDIT: Reason(
        "The WaveSpeed account does not have enough credit.", "Top up the WaveSpeed account, then create the job again."
    ),
    ReasonCode.WAVESPEED_FORBIDDEN: Reason(
        "The WaveSpeed account is not permitted to do this.",
        "Check the key's role and the account's tier at WaveSpeed. If the message comes from a firewall, check the network.",
    ),
    ReasonCode.WAVESPEED_UNKNOWN_MODEL: Reason(
        "WaveSpeed does not know this model.", "Check the model's path against WaveSpeed's model list."
    ),
    ReasonCode.WAVESPEED_BAD_INPUT: Reason(
        "WaveSpeed rejected the input.", "See WaveSpeed's message and correct the input."
    ),
    ReasonCode.WAVESPEED_RATE_LIMITED: Reason(
        "WaveSpeed is rate-limiting submissions.",
        "No action needed: it is retried as often as needed, at a lower rate, which `/api/init` shows. A higher account level allows more.",
    ),
    ReasonCode.WAVESPEED_UNREACHABLE: Reason(
        "WaveSpeed is unreachable; nothing was sent.",
        "No action needed: it is retried. If it persists, check the network and WAVESPEED_API_BASE.",
    ),
    ReasonCode.SUBMIT_UNCLEAR: Reason(
        "The submission may have reached WaveSpeed, but the response was lost or unclear. It may be billed and is never repeated automatically.",
        "WaveSpeed's webhooks and history are searched for it automatically. To decide yourself: POST /api/jobs/{jobId}/resolve.",
    ),
    ReasonCode.SUBMISSION_ABSENT: Reason(
        "The submission never reached WaveSpeed: two complete reads of its history did not find it.",
        "Nothing was billed. Retry the job; PROMPTMILL_RESUBMIT_WHEN_ABSENT=true does so automatically.",
    ),
    ReasonCode.SUBMISSION_ABANDONED: Reason(
        "The unclear submission was abandoned.",
        "It may have been billed. Create the job again if the media is still needed.",
    ),
    ReasonCode.SUBMISSIONS_HELD: Reason(
        "Submissions are on hold: the record is older than what has been paid for, so a backup was probably restored.",
        "Run `promptmill restore-check`.",
    ),
    ReasonCode.BUDGET_EXHAUSTED: Reason(
        "A budget has no room for the job's price.",
        "No action needed: it is submitted as soon as there is room. An operator can raise the budget: `promptmill budgets`.",
    ),
    ReasonCode.OWNER_PAUSED: Reason(
        "An admin has paused the job's owner, or the owner has paused its own queue.",
        "No action needed: it is submitted once whoever paused it resumes it; an admin uses `promptmill owners resume`.",
    ),
    ReasonCode.PRICE_ABOVE_MAX: Reason(
        "The job costs more than its own limit allows, so nothing was sent.",
        "Create the job again with a higher `maxPriceUsd`, or with inputs that cost less.",
    ),
    ReasonCode.PROVIDER_MODE_CHANGED: Reason(
        "The job was accepted for a different provider mode (real or simulated) than this worker's.",
        "Create the job again.",
    ),
    ReasonCode.REQUEST_MISMATCH: Reason(
        "Temporal passed on a model, prompt or input that differs from the job's record, so nothing was sent.",
        "An operator should find out who started this work at Temporal: see SECURITY.md. Create the job again.",
    ),
    ReasonCode.GENERATION_FAILED: Reason(
        "WaveSpeed could not generate the media.",
        "See WaveSpeed's message. WaveSpeed refunds failures within hours.",
    ),
    ReasonCode.GENERATION_MODERATED: Reason(
        "WaveSpeed's moderation blocked the job.", "Change the prompt or the images."
    ),
    ReasonCode.GENERATION_BAD_INPUT: Reason(
        "WaveSpeed accepted the job and then found its inputs invalid.",
        "See WaveSpeed's message and change the input. WaveSpeed refunds failures within hours.",
    ),
    ReasonCode.GENERATION_INPUT_UNREACHABLE: Reason(
        "WaveSpeed could not fetch one of the inputs.", "Use URLs that stay reachable while the job waits."
    ),
    ReasonCode.GENERATION_UNAVAILABLE: Reason(
        "WaveSpeed could not generate the media because of a temporary failure.",
        "Retry the job. WaveSpeed refunds failures within hours.",
    ),
    ReasonCode.GENERATION_WITHOUT_OUTPUT: Reason(
        "WaveSpeed reports the prediction as completed, but it has no output.",
        "It was charged. Media that still arrives is attached; otherwise contact WaveSpeed's support with the prediction's id.",
    ),
    ReasonCode.GENERATION_STOPPED: Reason("The prediction was stopped at WaveSpeed before it completed.", _AGAIN),
    ReasonCode.PREDICTION_GONE: Reason(
        "WaveSpeed no longer knows the prediction.",
        "Look for it in WaveSpeed's history; the key may belong to another account.",
    ),
    ReasonCode.DEADLINE_PASSED: Reason(
        "The job's deadline passed.", "Create the job again, with a longer deadline if the queue is long."
    ),
    ReasonCode.GENERATE_TIMEOUT: Reason(
        "WaveSpeed took longer than the job allowed.",
        "Media that arrives later is still attached. Allow more time for the next job.",
    ),
    ReasonCode.CANCEL_REQUESTED: Reason("The job was cancelled on request.", "No action needed."),
    ReasonCode.WORKFLOW_CANCELLED: Reason(
        "An operator cancelled the workflow in Temporal.", "Create the job again if the media is still needed."
    ),
    ReasonCode.WORKFLOW_TERMINATED: Reason("An operator terminated the workflow in Temporal.", _LOOK_AGAIN),
    ReasonCode.WORKFLOW_TIMED_OUT: Reason("The workflow timed out in Temporal.", _LOOK_AGAIN),
    ReasonCode.WORKFLOW_FAILED: Reason(
        "The workflow failed unexpectedly.",
        "Open the workflow in the Temporal Web UI to find the cause, and report it.",
    ),
    ReasonCode.WORKFLOW_GONE: Reason(
        "Temporal no longer knows the workflow.",
        "Check whether it was deleted or whether this is a different Temporal. Create the job again if the media is still needed.",
    ),
}
"""Every reason code in words. A test keeps it complete; `docs/reason-codes.md` is generated from it."""
