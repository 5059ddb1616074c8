"""Every error code that a caller can meet: its status, its title and what to do about it.

The table is what `/docs/errors/{code}` shows. A code is never changed once released.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, NamedTuple


class ProblemKind(NamedTuple):
    """One kind of problem: HTTP status, a title in a few words, and advice in a sentence or two.

    `retry_after`: seconds after which asking again may help, where that depends on the kind.
    """

    status: HTTPStatus
    title: str
    advice: str
    retry_after: int | None = None


_OURS = "This is a fault of the service. Its log names the request id; nothing in the request can help."
_AGAIN = "Ask again after the seconds that Retry-After names."

PROBLEM_KINDS: Final[dict[str, ProblemKind]] = {
    # -- the request
    "invalid_request": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request is not valid",
        "Each entry of `errors` names a place (`pointer`) and what is wrong there. Nothing was stored.",
    ),
    "invalid_json": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The body is not valid JSON",
        "Send one JSON object in UTF-8: no comments, no NaN, no name twice, no NUL characters. Nothing was stored.",
    ),
    "unauthorized": ProblemKind(
        HTTPStatus.UNAUTHORIZED,
        "A token is needed",
        "Send `Authorization: Bearer …` with the value of PROMPTMILL_API_TOKEN.",
    ),
    "origin_not_allowed": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "Calls from other web pages are refused",
        "A browser sent this from a page of another origin. Use the page of this service, or call from a program.",
    ),
    "ai_prompts_off": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "AI prompts are switched off",
        "Write the prompt yourself (`prompt` without `useAiPrompt`), or use a prompt that is written already "
        "(`promptJobId`). `promptmill flag ai-prompts on` switches them on again. What was accepted goes on.",
    ),
    "not_found": ProblemKind(
        HTTPStatus.NOT_FOUND,
        "Not found",
        "Check the path and the id. A Host other than loopback must be named in PROMPTMILL_ALLOWED_HOSTS.",
    ),
    "method_not_allowed": ProblemKind(
        HTTPStatus.METHOD_NOT_ALLOWED, "This path does not know this method", "The Allow header names those it knows."
    ),
    "too_large": ProblemKind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is too large",
        "Send addresses of pictures; `POST /api/uploads` takes the pictures. The limit is PROMPTMILL_MAX_BODY_BYTES.",
    ),
    "unsupported_media_type": ProblemKind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body has the wrong type",
        "Send `Content-Type: application/json` (UTF-8); to `POST /api/uploads` alone, `multipart/form-data`.",
    ),
    "idempotency_key_reused": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This Idempotency-Key belongs to another request",
        "A key stands for one request for 24 hours. Use a new key for a new request.",
    ),
    "idempotency_in_progress": ProblemKind(
        HTTPStatus.CONFLICT, "The first request with this Idempotency-Key is still being accepted", _AGAIN, 1
    ),
    # -- the state of a job
    "job_open": ProblemKind(
        HTTPStatus.CONFLICT, "The job has not ended", "Wait for its end, or cancel it, before you retry it."
    ),
    "may_be_billed": ProblemKind(
        HTTPStatus.CONFLICT,
        "A submission of this job may still be billed",
        'A retry now could pay twice. Resolve the unclear submission first; `{"force": true}` retries all the same, '
        "and that is recorded.",
    ),
    "retry_open": ProblemKind(
        HTTPStatus.CONFLICT,
        "Another retry of this job has not ended",
        "Look at that job; retry again when it has ended.",
    ),
    "not_unclear": ProblemKind(
        HTTPStatus.CONFLICT,
        "There is no unclear submission to decide on",
        "Only a job in `submit_unknown` waits for a decision. Look at the job: it may have been resolved meanwhile.",
    ),
    "prediction_owned": ProblemKind(
        HTTPStatus.CONFLICT,
        "This prediction belongs to another submission",
        "Take one of the job's `candidates`, or look in WaveSpeed's history.",
    ),
    "prompt_not_written": ProblemKind(
        HTTPStatus.CONFLICT,
        "There is no written prompt to rate",
        "Wait until the prompt job has ended with a prompt (`generatedPrompt`), then rate it.",
    ),
    "no_outputs": ProblemKind(
        HTTPStatus.CONFLICT,
        "There is no result to rate",
        "Only a job with `outputs` has a result that can be kept or discarded. Wait for it, or look why there is none.",
    ),
    "record_conflict": ProblemKind(
        HTTPStatus.CONFLICT, "The state of the job does not allow this", "Look at the job, then decide again."
    ),
    "intake_stopped": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "New jobs are not accepted at the moment",
        "An operator has stopped intake (`promptmill drain`). Ask again later; running jobs are not affected.",
        60,
    ),
    "too_many_streams": ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many live streams are open",
        "Close one, or follow the whole list with a single stream. The limit is PROMPTMILL_STREAMS_PER_OWNER.",
        10,
    ),
    # -- uploads
    "invalid_form": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The form is not valid",
        "Send `multipart/form-data` with exactly one file, in the field `file`, and nothing else.",
    ),
    "picture_too_large": ProblemKind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The picture's file is too large",
        "Make it smaller, or save it as JPEG. `GET /api/init` tells the limit (PROMPTMILL_UPLOAD_MAX_BYTES).",
    ),
    "picture_type": ProblemKind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The file is no JPEG, PNG or WebP",
        "Save the picture as one of them. Its content counts, not its name; HEIC, AVIF, GIF and others are not taken.",
    ),
    "picture_unreadable": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The picture cannot be read",
        "The file is damaged or not whole. Open it in a picture program and save it anew.",
    ),
    "picture_animated": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The picture is animated", "Upload a single picture: save one frame by itself."
    ),
    "picture_too_many_pixels": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The picture has too many pixels",
        "Make it smaller. `GET /api/init` tells the limit (PROMPTMILL_UPLOAD_MAX_PIXELS).",
    ),
    "picture_too_small": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The picture is too small", "Providers take no such picture: make it larger."
    ),
    "upload_too_slow": ProblemKind(
        HTTPStatus.REQUEST_TIMEOUT, "The upload took too long", "Upload a smaller picture, or over a faster connection."
    ),
    "too_many_uploads": ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many pictures are being uploaded",
        _AGAIN + " PROMPTMILL_UPLOADS_AT_ONCE says how many are worked on.",
        5,
    ),
    # -- webhooks
    "webhook_refused": ProblemKind(
        HTTPStatus.UNAUTHORIZED,
        "The webhook is not accepted",
        "It is not a fresh, signed delivery about a submission of ours.",
    ),
    "webhook_not_checked": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The webhook cannot be checked now",
        "The secret that signs webhooks is not known: set WAVESPEED_WEBHOOK_SECRET, or wait until WaveSpeed tells it.",
    ),
    # -- neighbours
    "record_unavailable": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "Postgres is away", _AGAIN + " Running jobs are not affected."
    ),
    "record_read_only": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Postgres can only be read",
        _AGAIN + " Running jobs wait until it can be written to.",
    ),
    "temporal_unavailable": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Temporal or its worker is away",
        _AGAIN + " Jobs are still accepted and start by themselves later.",
    ),
    "provider_unavailable": ProblemKind(HTTPStatus.SERVICE_UNAVAILABLE, "A provider does not answer", _AGAIN),
    "provider_rate_limited": ProblemKind(HTTPStatus.SERVICE_UNAVAILABLE, "A provider limits our rate", _AGAIN),
    "provider_answer_unusable": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "A provider's answer cannot be used", "Ask again later."
    ),
    "provider_model_unavailable": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "A provider does not offer this model", "Check the model's name."
    ),
    "provider_refused": ProblemKind(HTTPStatus.BAD_GATEWAY, "A provider refused", "The detail says why."),
    "nothing_sent": ProblemKind(HTTPStatus.SERVICE_UNAVAILABLE, "A provider cannot be reached", _AGAIN),
    "submit_unclear": ProblemKind(
        HTTPStatus.BAD_GATEWAY,
        "A submission has no clear outcome",
        "It may be billed and is never repeated by itself. Look at the job.",
    ),
    "receiver_refused": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "A callback's address may not be opened", "The job's timeline says why."
    ),
    "receiver_unavailable": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "A callback's receiver does not answer", "It is told again by itself for a day."
    ),
    "provider_error": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "A provider did not do what it was asked", "Ask again later."
    ),
    # -- ourselves
    "stage_stopped": ProblemKind(HTTPStatus.CONFLICT, "The job does not go on", "Look at the job."),
    "submissions_held": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "Submissions are stopped", "An operator must run `promptmill restore-check`."
    ),
    "record_error": ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "The record refused", _OURS),
    "configuration_error": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "A setting is missing or wrong", "`promptmill check` says which."
    ),
    "promptmill_error": ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", _OURS),
    "internal_error": ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", _OURS),
}
"""Every code. A test holds it complete: each `PromptmillError` has its row."""
