"""Why something ended or waits: the reason codes, each with its sentence and what a person can do."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple


class ReasonCode(StrEnum):
    """A stable word for a cause. Never changed once released; clients must expect new ones."""

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
    PROVIDER_MODE_CHANGED = "provider_mode_changed"
    # WaveSpeed: the prediction
    GENERATION_FAILED = "generation_failed"
    GENERATION_MODERATED = "generation_moderated"
    GENERATION_BAD_INPUT = "generation_bad_input"
    GENERATION_INPUT_UNREACHABLE = "generation_input_unreachable"
    GENERATION_UNAVAILABLE = "generation_unavailable"
    GENERATION_WITHOUT_OUTPUT = "generation_without_output"
    GENERATION_STOPPED = "generation_stopped"
    PREDICTION_GONE = "prediction_gone"
    # the job's own life
    DEADLINE_PASSED = "deadline_passed"
    GENERATE_TIMEOUT = "generate_timeout"
    CANCEL_REQUESTED = "cancel_requested"
    WORKFLOW_TERMINATED = "workflow_terminated"
    WORKFLOW_TIMED_OUT = "workflow_timed_out"
    WORKFLOW_FAILED = "workflow_failed"
    WORKFLOW_GONE = "workflow_gone"


class Reason(NamedTuple):
    """What a reason code means (`message`) and what a person can do about it (`hint`)."""

    message: str
    hint: str


_AGAIN = "Create the job again later."
_LOOK_AGAIN = "If it was billed, its media is still fetched for some days: look again before you create it anew."

REASONS: Final[dict[ReasonCode, Reason]] = {
    ReasonCode.GROK_BAD_KEY: Reason(
        "xAI did not accept the API key.",
        "Set XAI_API_KEY to a valid key, restart the worker, and create the job again.",
    ),
    ReasonCode.GROK_NO_CREDIT: Reason(
        "The xAI team has no credit left or has reached its spending limit.",
        "Add credit or raise the limit in the xAI console, then create the job again.",
    ),
    ReasonCode.GROK_REFUSED: Reason(
        "Grok refused to write this prompt because it violates xAI's usage rules.",
        "Change the instructions or the pictures, or give the prompt yourself.",
    ),
    ReasonCode.GROK_BAD_PICTURE: Reason(
        "Grok could not use one of the pictures.",
        "Give JPEG or PNG pictures of at most 20 MiB at an address that xAI can reach.",
    ),
    ReasonCode.GROK_TOO_LONG: Reason(
        "The request is too long for the model.", "Shorten the instructions or the prompt, or leave out pictures."
    ),
    ReasonCode.GROK_BAD_REQUEST: Reason(
        "xAI did not accept the request.",
        "Read xAI's words in the message; if they name a setting, change it in PROMPTMILL_GROK_MODELS.",
    ),
    ReasonCode.GROK_UNKNOWN_MODEL: Reason(
        "None of the configured Grok models is available to this key.",
        "Set PROMPTMILL_GROK_MODELS to models that `promptmill check` lists.",
    ),
    ReasonCode.GROK_RATE_LIMITED: Reason(
        "xAI limits the rate of requests.", "Nothing: it is tried again. If it stays, lower PROMPTMILL_GROK_PER_SECOND."
    ),
    ReasonCode.GROK_UNAVAILABLE: Reason(
        "Grok did not answer, with every configured model and all retries used up.",
        _AGAIN + " With onPromptFailure a job can go on without Grok.",
    ),
    ReasonCode.GROK_BAD_ANSWER: Reason(
        "Grok's answers could not be used, with every configured model and all retries used up.",
        _AGAIN + " Simpler instructions may help.",
    ),
    ReasonCode.WAVESPEED_BAD_KEY: Reason(
        "WaveSpeed did not accept the API key.",
        "Set WAVESPEED_API_KEY to a valid, topped-up key, restart the worker, and create the job again.",
    ),
    ReasonCode.WAVESPEED_NO_CREDIT: Reason(
        "The WaveSpeed account has not enough credit.", "Top up the WaveSpeed account, then create the job again."
    ),
    ReasonCode.WAVESPEED_FORBIDDEN: Reason(
        "The WaveSpeed account may not do this.",
        "Check the key's role and the account's level at WaveSpeed; if the message is a firewall's, check the network.",
    ),
    ReasonCode.WAVESPEED_UNKNOWN_MODEL: Reason(
        "WaveSpeed does not know this model.", "Check the model's path, for instance in WaveSpeed's model list."
    ),
    ReasonCode.WAVESPEED_BAD_INPUT: Reason(
        "WaveSpeed did not accept the inputs.", "Read WaveSpeed's words in the message and change the input."
    ),
    ReasonCode.WAVESPEED_RATE_LIMITED: Reason(
        "WaveSpeed limits the rate of submissions.",
        "Nothing: it is tried again. If it stays, lower PROMPTMILL_WAVESPEED_PER_SECOND or raise the account's level.",
    ),
    ReasonCode.WAVESPEED_UNREACHABLE: Reason(
        "WaveSpeed cannot be reached; nothing was sent.",
        "Nothing: it is tried again. If it stays, check the network and WAVESPEED_API_BASE.",
    ),
    ReasonCode.SUBMIT_UNCLEAR: Reason(
        "The submission may have reached WaveSpeed, and no clear answer came back. It may be billed and is never repeated by itself.",
        "It is looked for by itself, in WaveSpeed's webhooks and history. A person may decide: POST /api/jobs/{jobId}/resolve.",
    ),
    ReasonCode.SUBMISSION_ABSENT: Reason(
        "The submission never reached WaveSpeed: its history was read twice, completely, and does not hold it.",
        "Nothing was billed. Retry the job; PROMPTMILL_RESUBMIT_WHEN_ABSENT=true does that by itself.",
    ),
    ReasonCode.SUBMISSION_ABANDONED: Reason(
        "A person gave the unclear submission up.",
        "It may have been billed. Create the job again if the media is still needed.",
    ),
    ReasonCode.SUBMISSIONS_HELD: Reason(
        "Submissions are stopped: the record is older than what was paid, so a backup seems to have been restored.",
        "Run `promptmill restore-check`.",
    ),
    ReasonCode.PROVIDER_MODE_CHANGED: Reason(
        "The job was accepted for another kind of provider (real or simulated) than this worker has.",
        "Create the job again.",
    ),
    ReasonCode.GENERATION_FAILED: Reason(
        "WaveSpeed could not make the media.",
        "Read WaveSpeed's words in the message. WaveSpeed refunds failures within hours.",
    ),
    ReasonCode.GENERATION_MODERATED: Reason(
        "WaveSpeed's moderation stopped the job.", "Change the prompt or the pictures."
    ),
    ReasonCode.GENERATION_BAD_INPUT: Reason(
        "WaveSpeed accepted the job, and then found its inputs invalid.",
        "Read WaveSpeed's words in the message and change the input. WaveSpeed refunds failures within hours.",
    ),
    ReasonCode.GENERATION_INPUT_UNREACHABLE: Reason(
        "WaveSpeed could not fetch one of the inputs.", "Give addresses that stay reachable while the job waits."
    ),
    ReasonCode.GENERATION_UNAVAILABLE: Reason(
        "WaveSpeed could not make the media because of a temporary failure of its own.",
        "Retry the job. WaveSpeed refunds failures within hours.",
    ),
    ReasonCode.GENERATION_WITHOUT_OUTPUT: Reason(
        "WaveSpeed says that the prediction is completed, and gives no output.",
        "It was billed. Media that still arrives is attached; otherwise give WaveSpeed's support the prediction's id.",
    ),
    ReasonCode.GENERATION_STOPPED: Reason("The prediction was ended at WaveSpeed before it was finished.", _AGAIN),
    ReasonCode.PREDICTION_GONE: Reason(
        "WaveSpeed no longer knows the prediction.",
        "Look for it in WaveSpeed's history; the key may belong to another account.",
    ),
    ReasonCode.DEADLINE_PASSED: Reason(
        "The job's deadline passed.", "Create the job again, with a longer deadlineSeconds if the queue is long."
    ),
    ReasonCode.GENERATE_TIMEOUT: Reason(
        "WaveSpeed took longer than the job allowed.",
        "Media that still arrives is attached. Allow more with generateTimeoutSeconds.",
    ),
    ReasonCode.CANCEL_REQUESTED: Reason("A caller cancelled it.", "Nothing to do."),
    ReasonCode.WORKFLOW_TERMINATED: Reason("An operator terminated the workflow in Temporal.", _LOOK_AGAIN),
    ReasonCode.WORKFLOW_TIMED_OUT: Reason("The workflow timed out in Temporal.", _LOOK_AGAIN),
    ReasonCode.WORKFLOW_FAILED: Reason(
        "The workflow failed in a way that was not foreseen.",
        "Open the workflow in the Temporal Web UI for the cause, and report it.",
    ),
    ReasonCode.WORKFLOW_GONE: Reason(
        "Temporal no longer knows the workflow.",
        "Was it deleted, or is this another Temporal? Create the job again if the media is still needed.",
    ),
}
"""Every reason code in words. A test holds it complete; `docs/reason-codes.md` shows it."""
