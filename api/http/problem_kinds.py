"""Every error code that a caller can receive: its status, its title and what to do about it.

`/docs/errors/{code}` serves this table. A code never changes once released.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Final, NamedTuple

from api.http.wrong_tokens import WINDOW_SECONDS


class ProblemKind(NamedTuple):
    """One kind of problem: HTTP status, a title in a few words, and advice in a sentence or two.

    `retry_after`: seconds after which a retry may succeed, where the kind determines it.
    """

    status: HTTPStatus
    title: str
    advice: str
    retry_after: int | None = None


_OURS = "This is a server error, not a problem with the request. The server's log has the details under the request id."
_AGAIN = "Retry after the number of seconds in Retry-After."

PROBLEM_KINDS: Final[dict[str, ProblemKind]] = {
    # -- the request
    "invalid_request": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The request is not valid",
        "Each entry of `errors` points to a field (`pointer`) and says what is wrong with it. Nothing was stored.",
    ),
    "invalid_json": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The body is not valid JSON",
        "Send one JSON object in UTF-8 without comments, NaN, duplicate names or NUL characters. Nothing was stored.",
    ),
    "unauthorized": ProblemKind(
        HTTPStatus.UNAUTHORIZED,
        "A key is required",
        "Send an API key, or the value of PROMPTMILL_API_TOKEN, as `Authorization: Bearer …`. A revoked or expired key "
        "gets this response too.",
    ),
    "too_many_wrong_tokens": ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many wrong keys came from this address",
        "Send a valid key: it is always accepted. Wrong ones get this response for a minute.",
        WINDOW_SECONDS,
    ),
    "scope_missing": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "This key does not allow that",
        "Ask an admin for a key with the scope that `detail` names.",
    ),
    "sign_on_invalid": ProblemKind(
        HTTPStatus.BAD_REQUEST,
        "The proxy's headers cannot be read",
        "The proxy that signs people in must name one person and their groups in one header each, and replace what a "
        "client sends under these names. `detail` names the header.",
    ),
    "sign_on_unknown_group": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "None of your groups may use this installation",
        "Ask whoever looks after it: PROMPTMILL_TRUSTED_PROXY_GROUPS says which groups may, and what.",
    ),
    "sign_on_unknown_owner": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "The owner of your group does not exist",
        "PROMPTMILL_TRUSTED_PROXY_GROUPS names an owner that nobody has created: `promptmill owners add` does.",
    ),
    "unknown_owner": ProblemKind(
        HTTPStatus.NOT_FOUND,
        "There is no such owner",
        "Check the name; `GET /api/owners` lists all owners.",
    ),
    "owner_exists": ProblemKind(
        HTTPStatus.CONFLICT,
        "This owner already exists",
        "Choose another name. Nothing was changed.",
    ),
    "origin_not_allowed": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "Cross-origin requests are not allowed",
        "A browser sent this request from another origin. Use this service's own page, or call the API from a program. "
        "Pages of origins in PROMPTMILL_ALLOWED_ORIGINS may call `/api/` and `/v1/` with a key.",
    ),
    "ai_prompts_off": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "AI prompts are turned off",
        "Write the prompt yourself (`prompt` without `useAiPrompt`), or reuse one that has been written "
        "(`promptJobId`). `promptmill flag ai-prompts on` turns them back on. Accepted jobs are not affected.",
    ),
    "not_found": ProblemKind(
        HTTPStatus.NOT_FOUND,
        "Not found",
        "Check the path and the id. A Host other than loopback must be listed in PROMPTMILL_ALLOWED_HOSTS.",
    ),
    "method_not_allowed": ProblemKind(
        HTTPStatus.METHOD_NOT_ALLOWED,
        "This path does not support this method",
        "The Allow header lists the supported methods.",
    ),
    "too_large": ProblemKind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The body is too large",
        "Send image URLs; upload the images with `POST /api/uploads`. The limit is PROMPTMILL_MAX_BODY_BYTES.",
    ),
    "body_too_slow": ProblemKind(
        HTTPStatus.REQUEST_TIMEOUT,
        "The body took too long to arrive",
        "Send the whole body within 10 seconds of the request's head, one with a table within 60.",
    ),
    "overloaded": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Too many requests at once",
        _AGAIN + " The limit is PROMPTMILL_MAX_CONNECTIONS; a proxy in front should limit each caller.",
    ),
    "unsupported_media_type": ProblemKind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The body has an unsupported media type",
        "Send `Content-Type: application/json` (UTF-8); `multipart/form-data` for `POST /api/uploads` and "
        "`POST /v1/images/edits` only.",
    ),
    "idempotency_key_reused": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "This Idempotency-Key was used for a different request",
        "A key identifies one request for 24 hours. Use a new key for a new request.",
    ),
    "idempotency_in_progress": ProblemKind(
        HTTPStatus.CONFLICT, "The first request with this Idempotency-Key is still in progress", _AGAIN, 1
    ),
    # -- the state of a job
    "job_open": ProblemKind(
        HTTPStatus.CONFLICT, "The job has not ended", "Wait until it ends, or cancel it; then try again."
    ),
    "not_waiting": ProblemKind(
        HTTPStatus.CONFLICT,
        "The job can no longer be changed",
        "A job can be changed until its submission to WaveSpeed is permitted. Look at the job; create another one, or "
        "retry it once it has ended.",
    ),
    "changed_meanwhile": ProblemKind(
        HTTPStatus.CONFLICT,
        "The job was changed by somebody else at the same moment",
        "Look at the job as it is now, then send the change again.",
    ),
    "template_changed": ProblemKind(
        HTTPStatus.CONFLICT,
        "The template was changed by somebody else",
        "Read the template as it is now, then send the change again with its `version`.",
    ),
    "name_taken": ProblemKind(
        HTTPStatus.CONFLICT,
        "This name is taken",
        "Choose another name. Templates are replaced by an import with `replace=true`.",
    ),
    "no_such_output": ProblemKind(
        HTTPStatus.CONFLICT,
        "There is no such output",
        "Give the `jobId` of a job of yours, and an `index` that its `outputs` have.",
    ),
    "faulty_rows": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "Rows of the table are faulty",
        "Nothing was stored. `errors` names row and column of the first faults, as `/line/7/seed`; `POST "
        "/api/batches/plan` lists all of them. `skipFaulty` makes the other rows.",
    ),
    "row_differs": ProblemKind(
        HTTPStatus.CONFLICT,
        "The batch already has a row with this key and different content",
        "Give the row another key, or send the table under another `key` for a new batch.",
    ),
    "batch_ended": ProblemKind(
        HTTPStatus.CONFLICT,
        "The batch has ended",
        "Failed rows of a finished batch can be retried; a cancelled batch stays as it is.",
    ),
    "batch_planning": ProblemKind(
        HTTPStatus.CONFLICT,
        "The rows of the batch are not all stored yet",
        "Send its table, or its approval, again; or cancel it.",
    ),
    "batch_approved": ProblemKind(
        HTTPStatus.CONFLICT,
        "The batch already has its prompts",
        "Its rows show them. For others, make another batch.",
    ),
    "batch_differs": ProblemKind(
        HTTPStatus.CONFLICT,
        "The batch with this key was made from a different request",
        "No row can be added to a batch whose prompts Grok proposes: send this one under another `key`.",
    ),
    "batch_paused": ProblemKind(
        HTTPStatus.CONFLICT, "An admin has paused the batch", "Ask whoever looks after the installation."
    ),
    "batch_budget": ProblemKind(
        HTTPStatus.CONFLICT,
        "Nothing is left of the batch's budget",
        "`PATCH /api/batches/{batchId}` with a higher `maxCostUsd` lets it continue.",
    ),
    "too_many": ProblemKind(
        HTTPStatus.CONFLICT, "The limit has been reached", "Remove some first. Nothing was stored."
    ),
    "prompt_pending": ProblemKind(
        HTTPStatus.CONFLICT,
        "The prompt is not written yet",
        "Change it once Grok has written it (`promptSource` is set); or cancel the job, and create it with a prompt of "
        "your own.",
    ),
    "may_be_billed": ProblemKind(
        HTTPStatus.CONFLICT,
        "A submission of this job may still be billed",
        'Retrying now could pay twice. Resolve the unclear submission first; `{"force": true}` retries anyway, '
        "and is recorded.",
    ),
    "too_many_styles": ProblemKind(
        HTTPStatus.CONFLICT,
        "There are too many styles",
        "Delete a style of your own that is no longer used, or give it another wording.",
    ),
    "retry_open": ProblemKind(
        HTTPStatus.CONFLICT,
        "Another retry of this job has not ended",
        "Look at that job; retry once it has ended.",
    ),
    "erase_unclear": ProblemKind(
        HTTPStatus.CONFLICT,
        "It is unclear what a submission of this job created",
        "Only its request can find out what may have been charged, so nothing is erased yet. Try again once it is "
        "settled: after seven days at most.",
    ),
    "erased": ProblemKind(
        HTTPStatus.CONFLICT,
        "The job has been erased",
        "Its request and its results are gone. Create a new job.",
    ),
    "not_unclear": ProblemKind(
        HTTPStatus.CONFLICT,
        "There is no unclear submission to decide on",
        "Only a job in `submit_unknown` needs a decision. Look at the job: it may have been resolved in the meantime.",
    ),
    "prediction_owned": ProblemKind(
        HTTPStatus.CONFLICT,
        "This prediction belongs to another submission",
        "Use one of the job's `candidates`, or look in WaveSpeed's history.",
    ),
    "prompt_not_written": ProblemKind(
        HTTPStatus.CONFLICT,
        "There is no written prompt to rate",
        "Wait until the prompt job has completed with a prompt (`generatedPrompt`), then rate it.",
    ),
    "not_stored": ProblemKind(
        HTTPStatus.NOT_FOUND,
        "This file is not stored here",
        "`outputs[].stored` of the job says whether there is a copy, and why not; until `expiresAt`, WaveSpeed has the "
        "file at `outputs[].url`.",
    ),
    "range_not_satisfiable": ProblemKind(
        HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE,
        "The file has no such part",
        "`Content-Range` says how many bytes it has; ask for some of those.",
    ),
    "link_expired": ProblemKind(HTTPStatus.GONE, "This shared link has expired", "Ask whoever sent it for a new one."),
    "no_outputs": ProblemKind(
        HTTPStatus.CONFLICT,
        "There is no result to rate",
        "Only a job with `outputs` has a result to keep or discard. Wait for it, or check why there is none.",
    ),
    "record_conflict": ProblemKind(
        HTTPStatus.CONFLICT, "The job's state does not allow this", "Look at the job, then try again."
    ),
    "intake_stopped": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "New jobs are not accepted at the moment",
        "An operator has stopped intake (`promptmill drain`). Try again later; running jobs are not affected.",
        60,
    ),
    "too_many_streams": ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many live streams are open",
        "Close one, or follow all jobs with a single stream. The limit is PROMPTMILL_STREAMS_PER_OWNER, or the owner's "
        "own.",
        10,
    ),
    # -- limits of an owner
    "queue_full": ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS,
        "The limit of open jobs has been reached",
        "Wait until one of them ends, or cancel one. Nothing was stored. An admin can raise the limit "
        "(`promptmill owners limits`).",
        10,
    ),
    "rate_limited": ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many requests",
        _AGAIN + " `RateLimit-Policy` says how many there may be, `RateLimit` how many are left. Cancelling is free.",
        60,
    ),
    "model_not_allowed": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "This model is not allowed",
        "Use one that `detail` names, or ask an admin (`promptmill owners limits`). Nothing was stored.",
    ),
    "limit_exceeded": ProblemKind(
        HTTPStatus.FORBIDDEN,
        "This is more than the limit allows",
        "Each entry of `errors` points to a field and says what may be asked for. Nothing was stored.",
    ),
    "owner_paused": ProblemKind(
        HTTPStatus.LOCKED,
        "The owner is paused",
        "Nothing was stored. An admin paused this owner and can resume it (`promptmill owners resume`); waiting "
        "jobs then continue by themselves.",
        60,
    ),
    # -- OpenAI's shape
    "unknown_model": ProblemKind(
        HTTPStatus.NOT_FOUND,
        "There is no such model",
        "`GET /v1/models` lists the models that make pictures: WaveSpeed's own names, and those of "
        "PROMPTMILL_OPENAI_MODELS.",
    ),
    "job_not_finished": ProblemKind(
        HTTPStatus.GATEWAY_TIMEOUT,
        "The pictures are not ready yet",
        "The job continues and is paid for once. Send the same request again to wait for it, or look at it: the detail "
        "says where. PROMPTMILL_SYNC_SECONDS is how long one request waits.",
        1,
    ),
    "pictures_too_large": ProblemKind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The pictures are too large to be returned as text",
        "Ask for `response_format` `url` instead; the same request finds them.",
    ),
    "job_failed": ProblemKind(
        HTTPStatus.BAD_GATEWAY,
        "The job made no picture",
        "The detail says why, and where to look at the job.",
    ),
    # -- uploads
    "invalid_form": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The form is not valid",
        "Send `multipart/form-data` with exactly one file, in the field `file`, and nothing else. For "
        "`POST /v1/images/edits`: the pictures in `image` or `image[]`, a `mask` if need be, and a few fields.",
    ),
    "picture_too_large": ProblemKind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The image file is too large",
        "Make it smaller, or save it as JPEG. `GET /api/init` returns the limit (PROMPTMILL_UPLOAD_MAX_BYTES).",
    ),
    "picture_type": ProblemKind(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        "The file is not a JPEG, PNG or WebP image, nor a video or sound",
        "Save it in another format. Only the content counts; HEIC, AVIF, GIF and others are rejected.",
    ),
    "picture_unreadable": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The image cannot be read",
        "The file is damaged or incomplete. Open it in an image editor and save it again.",
    ),
    "picture_animated": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The image is animated", "Upload a still image: save a single frame."
    ),
    "picture_too_many_pixels": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The image has too many pixels",
        "Make it smaller. `GET /api/init` returns the limit (PROMPTMILL_UPLOAD_MAX_PIXELS).",
    ),
    "picture_too_small": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY, "The image is too small", "Providers reject images this small: make it larger."
    ),
    "upload_too_slow": ProblemKind(
        HTTPStatus.REQUEST_TIMEOUT, "The upload took too long", "Upload a smaller image, or use a faster connection."
    ),
    "too_many_uploads": ProblemKind(
        HTTPStatus.TOO_MANY_REQUESTS,
        "Too many images are being uploaded",
        _AGAIN + " PROMPTMILL_UPLOADS_AT_ONCE limits how many are processed at once.",
        5,
    ),
    # -- batches
    "table_too_large": ProblemKind(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        "The table is too large",
        "A body with a table has at most 16 MiB: send it in parts, or without what its jobs do not need.",
    ),
    "table_form": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "The form with a table is not valid",
        "Send `multipart/form-data` with the part `request`, which is JSON without `table`, and the file `table`.",
    ),
    # -- webhooks
    "webhook_refused": ProblemKind(
        HTTPStatus.UNAUTHORIZED,
        "The webhook was rejected",
        "It is not a recent, signed delivery for one of this service's submissions.",
    ),
    "webhook_not_checked": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The webhook cannot be verified right now",
        "The signing secret is unknown: set WAVESPEED_WEBHOOK_SECRET, or wait until it can be fetched from WaveSpeed.",
    ),
    # -- dependencies
    "storage_unavailable": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "The storage of outputs is unavailable", _AGAIN, 10
    ),
    "record_unavailable": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "Postgres is unavailable", _AGAIN + " Running jobs are not affected."
    ),
    "record_read_only": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Postgres is read-only",
        _AGAIN + " Running jobs wait until it accepts writes.",
    ),
    "temporal_unavailable": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "Temporal or its worker is unavailable",
        _AGAIN + " Jobs are still accepted and start automatically later.",
    ),
    "payload_unreadable": ProblemKind(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "A payload at Temporal cannot be decrypted",
        "The detail names the key's id: add that key to PROMPTMILL_PAYLOAD_KEYS, behind the others.",
    ),
    "provider_unavailable": ProblemKind(HTTPStatus.SERVICE_UNAVAILABLE, "A provider is not responding", _AGAIN),
    "provider_rate_limited": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "A provider is rate-limiting requests", _AGAIN
    ),
    "provider_answer_unusable": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "A provider's response is unusable", "Try again later."
    ),
    "provider_model_unavailable": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "A provider does not offer this model", "Check the model's name."
    ),
    "provider_refused": ProblemKind(HTTPStatus.BAD_GATEWAY, "A provider refused the request", "The detail says why."),
    "nothing_sent": ProblemKind(HTTPStatus.SERVICE_UNAVAILABLE, "A provider is unreachable", _AGAIN),
    "submit_unclear": ProblemKind(
        HTTPStatus.BAD_GATEWAY,
        "The outcome of a submission is unclear",
        "It may be billed and is never repeated automatically. Look at the job.",
    ),
    "receiver_refused": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "A callback's URL is not allowed", "The job's timeline says why."
    ),
    "receiver_unavailable": ProblemKind(
        HTTPStatus.BAD_GATEWAY,
        "A callback's receiver is not responding",
        "Delivery is retried automatically for a day.",
    ),
    "output_refused": ProblemKind(
        HTTPStatus.BAD_GATEWAY, "An output may not be fetched", "`outputs[].stored` of the job says why."
    ),
    "output_unavailable": ProblemKind(
        HTTPStatus.BAD_GATEWAY,
        "An output could not be fetched",
        "It is tried again automatically until WaveSpeed deletes it.",
    ),
    "provider_error": ProblemKind(HTTPStatus.BAD_GATEWAY, "A request to a provider failed", "Try again later."),
    # -- this service
    "stage_stopped": ProblemKind(HTTPStatus.CONFLICT, "The job does not continue", "Look at the job."),
    "submissions_held": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "Submissions are on hold", "An operator must run `promptmill restore-check`."
    ),
    "budget_exhausted": ProblemKind(
        HTTPStatus.PAYMENT_REQUIRED,
        "A budget is used up",
        "Nothing was stored. The detail says which budget it is and when it starts again; an operator can raise it.",
    ),
    "submission_paced": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE,
        "The job is waiting for its turn",
        "No action needed: WaveSpeed limits submissions.",
    ),
    "record_error": ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "The record refused the change", _OURS),
    "configuration_error": ProblemKind(
        HTTPStatus.SERVICE_UNAVAILABLE, "A setting is missing or wrong", "`promptmill check` says which."
    ),
    "promptmill_error": ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", _OURS),
    "internal_error": ProblemKind(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong", _OURS),
}
"""Every code. A test keeps it complete: each `PromptmillError` has a row."""
