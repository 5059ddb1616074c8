"""Turns a caller's request into what the record stores, with everything resolved: defaults, sources, warnings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final
from uuid import UUID

from uuid_utils.compat import uuid7

from api.catalogue.reading import Catalogue
from api.http.errors import Refused, invalid
from api.jobs.inputs import refusal_by_list
from api.jobs.pictures import Placement, placed
from api.jobs.questions import style_wording, target, variants_of
from api.jobs.urls import all_addresses, picture_addresses, refuse_addresses
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from api.schemas.prompt_queue import EnqueuePrompt
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


@dataclass(frozen=True)
class References:
    """What a request names in the record.

    Attributes:
        written: The prompt job whose prompt it takes; None if it names none.
        style_wording: What Grok is told for its style; None without one.
    """

    written: PromptGenerationJob | None
    style_wording: str | None


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
            the inputs, the named prompt job has no prompt, or the named parent is none of the owner's.
        RecordUnavailable: Postgres is unavailable.
    """
    pictures = await judged(request, for_grok=request.use_ai_prompt, settings=settings, catalogue=catalogue)
    refusal = pictures.refusal or await _refusal_of_parent(request, owner=owner, store=store)
    if refusal is not None and not await _is_replay(store, owner, key):
        raise refusal
    references = References(
        written=await _written_for(request, owner=owner, store=store),
        style_wording=await _wording(request, owner=owner, key=key, store=store) if request.use_ai_prompt else None,
    )
    return await job_of(
        request, pictures, references, owner=owner, key_id=key_id, settings=settings, catalogue=catalogue
    )


async def references_of(request: CreateJob, *, owner: str, store: Store) -> References:
    """Return what a request names in the record.

    Raises:
        Refused: There is no such parent, prompt job or style.
        RecordUnavailable: Postgres is unavailable.
    """
    refusal = await _refusal_of_parent(request, owner=owner, store=store)
    if refusal is not None:
        raise refusal
    written = await _written_for(request, owner=owner, store=store)
    wording = await style_wording(request.style, owner=owner, store=store) if request.use_ai_prompt else None
    return References(written, wording)


async def job_of(
    request: CreateJob,
    pictures: Placement,
    references: References,
    *,
    owner: str,
    key_id: str | None,
    settings: Settings,
    catalogue: Catalogue,
) -> NewJob:
    """Return the job to accept for a request that was judged. The record is not asked."""
    kind = kind_of(request.model)
    return NewJob.built_from(
        request,
        id=uuid7(),
        owner=owner,
        key_id=key_id,
        kind=kind,
        input=pictures.input,
        operation=_operation(request),
        **_settled_prompt(request, references.written),
        prompt_job=_prompt_job(
            request,
            owner=owner,
            key_id=key_id,
            settings=settings,
            metadata={},
            length=request.prompt_length,
            language=request.prompt_language,
            wanted_variants=1,
            style_wording=references.style_wording,
            **await target(request.model, kind, catalogue) | {"wants_negative": False},
        )
        if request.use_ai_prompt
        else None,
        provider_mode=settings.wavespeed_mode,
        generate_timeout_seconds=request.generate_timeout_seconds or _time_limit(kind),
        warnings=(*pictures.warnings, *_prompt_warnings(request)),
    )


async def new_prompt_job(
    request: EnqueuePrompt,
    *,
    owner: str,
    key_id: str | None,
    key: IdempotencyKey | None,
    settings: Settings,
    store: Store,
    catalogue: Catalogue,
) -> NewPromptJob:
    """Return the prompt job to accept.

    Raises:
        Refused: A URL is not allowed, or there is no such style.
        RecordUnavailable: Postgres is unavailable.
    """
    refuse_addresses(picture_addresses(request), allow_private=settings.allow_private_addresses)
    return _prompt_job(
        request,
        owner=owner,
        key_id=key_id,
        settings=settings,
        style_wording=await _wording(request, owner=owner, key=key, store=store),
        **await target(request.target_model, request.target_kind, catalogue),
    )


async def judged(
    request: CreateJob | AskPrice, *, for_grok: bool, settings: Settings, catalogue: Catalogue
) -> Placement:
    """Place a request's images, which are `for_grok` too, and compare the whole with WaveSpeed's list.

    Raises:
        Refused: A URL is not allowed. Any other reason is the placement's `refusal`.
    """
    refuse_addresses(all_addresses(request), allow_private=settings.allow_private_addresses)
    pictures = await placed(request, catalogue, for_grok=for_grok)
    refusal = pictures.refusal or refusal_by_list(request, pictures.input, await catalogue.look(), whole=True)
    return replace(pictures, refusal=refusal)


async def _is_replay(store: Store, owner: str, key: IdempotencyKey | None) -> bool:
    """Whether the job was already accepted. The caller must get it again even if WaveSpeed's list has changed since."""
    return key is not None and await store.jobs.accepted_before(owner, key)


async def _refusal_of_parent(request: CreateJob, *, owner: str, store: Store) -> Refused | None:
    """Return why the job cannot be made from the named one: another owner's is as one that does not exist."""
    if request.parent_job_id is None:
        return None
    try:
        parent = await store.jobs.get(request.parent_job_id, owner=owner)
    except RecordNotFound:
        return invalid("/parentJobId", "There is no such job.")
    if request.parent_index is not None and request.parent_index not in {one["index"] for one in parent.outputs}:
        return invalid("/parentIndex", f"The job has {len(parent.outputs)} outputs, counted from 0.")
    return None


async def _wording(
    request: CreateJob | EnqueuePrompt, *, owner: str, key: IdempotencyKey | None, store: Store
) -> str | None:
    try:
        return await style_wording(request.style, owner=owner, store=store)
    except Refused:
        if await _is_replay(store, owner, key):
            return None
        raise


def _settled_prompt(request: CreateJob, written: PromptGenerationJob | None) -> dict[str, Any]:
    """Return the text for WaveSpeed and who wrote it, if already settled; the caller's own text, and the style.

    A text that names the prompt job it comes from is Grok's, or Grok's and edited; any other is the caller's.
    """
    if request.use_ai_prompt:
        return {"original_prompt": request.prompt, "prompt": None, "prompt_source": None}
    if written is None:
        return {"original_prompt": request.prompt, "prompt": request.prompt, "prompt_source": PromptSource.CALLER}
    its_prompt = variants_of(written)[request.variant or 0].prompt
    edited = request.prompt is not None and request.prompt != its_prompt
    return {
        "original_prompt": written.existing_prompt,
        "prompt": request.prompt if edited else its_prompt,
        "prompt_source": PromptSource.EDITED if edited else PromptSource(written.prompt_source or PromptSource.GROK),
        "style": written.style,
    }


async def _written_for(request: CreateJob, *, owner: str, store: Store) -> PromptGenerationJob | None:
    """Return the prompt job that a request names, if it has the variant that is meant; None if it names none."""
    if request.prompt_job_id is None:
        return None
    found = await _written(request.prompt_job_id, owner=owner, store=store)
    variants = variants_of(found)
    if request.variant is not None and request.variant >= len(variants):
        raise invalid("/variant", f"The prompt job has {len(variants)} variants, counted from 0.")
    return found


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
    request: CreateJob | EnqueuePrompt, *, owner: str, key_id: str | None, settings: Settings, **question: Any
) -> NewPromptJob:
    return NewPromptJob.built_from(
        request,
        id=uuid7(),
        owner=owner,
        key_id=key_id,
        operation=_operation(request),
        existing_prompt=request.prompt,
        max_retries=settings.grok_max_retries,
        **question,
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
