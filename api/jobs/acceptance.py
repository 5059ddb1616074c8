"""Turns a caller's request into what the record stores, with everything resolved: defaults, sources, warnings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from api.catalogue.reading import Catalogue
from api.http.errors import FieldError, Refused, invalid, pointer_to
from api.jobs.inputs import refusal_by_list
from api.jobs.pictures import placed
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from api.schemas.prompt_queue import EnqueuePrompt
from promptmill.addresses import url_error
from promptmill.config.presets import kind_of
from promptmill.config.settings import Settings
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.prompts import Operation, PromptJobStatus, PromptSource
from promptmill.contracts.store import IdempotencyKey, NewJob, NewPromptJob
from promptmill.store import Store
from sql.models import PromptGenerationJob

PICTURE_SECONDS: Final = 900
VIDEO_SECONDS: Final = 3600
"""How long WaveSpeed may take, by kind, if the caller does not specify it."""

_SCHEMES: Final = ("http:", "https:", "ftp:", "file:", "//")


async def new_job(
    request: CreateJob,
    *,
    owner: str,
    key_id: str | None,
    key: IdempotencyKey | None,
    settings: Settings,
    store: Store,
    catalogue: Catalogue,
) -> NewJob:
    """Return the job to accept.

    Raises:
        Refused: A URL is not allowed, WaveSpeed would not get the images meant for it, its list rules out the model or
            the inputs, or the named prompt job has no prompt.
        RecordUnavailable: Postgres is unavailable.
    """
    refuse_addresses(_job_addresses(request), allow_private=settings.allow_private_addresses)
    pictures = await placed(request, catalogue)
    refusal = pictures.refusal or refusal_by_list(request, pictures.input, await catalogue.look(), whole=True)
    if refusal is not None and not await _is_replay(store, owner, key):
        raise refusal
    prompt, source, original = await _settled_prompt(request, owner=owner, store=store)
    job_id = uuid7()
    kind = kind_of(request.model)
    return NewJob.built_from(
        request,
        id=job_id,
        owner=owner,
        key_id=key_id,
        kind=kind,
        input=pictures.input,
        operation=_operation(request),
        original_prompt=original,
        prompt=prompt,
        prompt_source=source,
        prompt_job=_prompt_job(request, {}, owner=owner, key_id=key_id, settings=settings)
        if request.use_ai_prompt
        else None,
        provider_mode=settings.wavespeed_mode,
        generate_timeout_seconds=request.generate_timeout_seconds or _time_limit(kind),
        warnings=(*pictures.warnings, *_prompt_warnings(request)),
    )


def new_prompt_job(request: EnqueuePrompt, *, owner: str, key_id: str | None, settings: Settings) -> NewPromptJob:
    """Return the prompt job to accept.

    Raises:
        Refused: A URL is not allowed.
    """
    refuse_addresses(_picture_addresses(request), allow_private=settings.allow_private_addresses)
    return _prompt_job(request, request.metadata, owner=owner, key_id=key_id, settings=settings)


def refuse_addresses(addresses: Iterator[tuple[tuple[str | int, ...], str]], *, allow_private: bool) -> None:
    """Check that providers may fetch these URLs.

    Raises:
        Refused: With a pointer to each URL that they may not.
    """
    found = [
        FieldError(pointer=pointer_to(path), message=f"The URL {error}.")
        for path, url in addresses
        if (error := url_error(url, allow_private=allow_private)) is not None
    ]
    if found:
        raise Refused("invalid_request", f"{found[0].pointer}: {found[0].message}", errors=found)


async def _is_replay(store: Store, owner: str, key: IdempotencyKey | None) -> bool:
    """Whether the job was already accepted. The caller must get it again even if WaveSpeed's list has changed since."""
    return key is not None and await store.jobs.accepted_before(owner, key)


async def _settled_prompt(
    request: CreateJob, *, owner: str, store: Store
) -> tuple[str | None, PromptSource | None, str | None]:
    """Return the text for WaveSpeed and who wrote it, if already settled; and the caller's own text."""
    if request.use_ai_prompt:
        return None, None, request.prompt
    if request.prompt_job_id is None:
        return request.prompt, PromptSource.CALLER, request.prompt
    found = await _written(request.prompt_job_id, owner=owner, store=store)
    if request.prompt is not None and request.prompt != found.generated_prompt:
        return request.prompt, PromptSource.EDITED, found.existing_prompt
    return found.generated_prompt, PromptSource(found.prompt_source or PromptSource.GROK), found.existing_prompt


async def _written(prompt_job_id: UUID, *, owner: str, store: Store) -> PromptGenerationJob:
    """Return a prompt job that has a prompt."""
    try:
        found = await store.prompts.get(prompt_job_id, owner=owner)
    except RecordNotFound:
        raise invalid("/promptJobId", "There is no such prompt job.") from None
    if found.status != PromptJobStatus.COMPLETED or found.generated_prompt is None:
        raise invalid("/promptJobId", f"This prompt job is {found.status}; only a completed one has a prompt.")
    return found


def _prompt_job(
    request: CreateJob | EnqueuePrompt,
    metadata: dict[str, str],
    *,
    owner: str,
    key_id: str | None,
    settings: Settings,
) -> NewPromptJob:
    return NewPromptJob.built_from(
        request,
        id=uuid7(),
        owner=owner,
        key_id=key_id,
        operation=_operation(request),
        existing_prompt=request.prompt,
        max_retries=settings.grok_max_retries,
        metadata=metadata,
    )


def _operation(request: CreateJob | EnqueuePrompt) -> Operation:
    return request.operation or (Operation.ENHANCE if request.prompt else Operation.GENERATE)


def _time_limit(kind: MediaKind) -> int:
    return VIDEO_SECONDS if kind is MediaKind.VIDEO else PICTURE_SECONDS


def _prompt_warnings(request: CreateJob) -> Iterator[str]:
    """Warn of what in the request has no effect on the prompt."""
    if not request.use_ai_prompt:
        if request.instructions:
            yield "instructions are ignored: useAiPrompt is false."
        if request.operation is not None:
            yield "operation is ignored: useAiPrompt is false."


def _job_addresses(request: CreateJob) -> Iterator[tuple[tuple[str | int, ...], str]]:
    yield from media_addresses(request)
    if request.callback_url:
        yield ("callbackUrl",), request.callback_url


def media_addresses(request: CreateJob | AskPrice) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find the URLs that would be sent to WaveSpeed."""
    yield from _picture_addresses(request)
    yield from _input_addresses(("input",), request.input)


def _picture_addresses(request: CreateJob | EnqueuePrompt | AskPrice) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if request.target_url:
        yield ("targetUrl",), request.target_url
    for index, url in enumerate(request.ref_urls):
        yield ("refUrls", index), url


def _input_addresses(path: tuple[str | int, ...], value: Any) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Find what WaveSpeed would treat as a URL: strings that begin like one. The depth of a body is limited."""
    if isinstance(value, str):
        if value.lstrip().lower().startswith(_SCHEMES):
            yield path, value
    elif isinstance(value, dict):
        for name, entry in value.items():
            yield from _input_addresses((*path, name), entry)
    elif isinstance(value, list):
        for index, entry in enumerate(value):
            yield from _input_addresses((*path, index), entry)
