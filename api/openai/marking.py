"""Recognises a request that comes again, so that it finds its jobs instead of paying for others.

The key is the caller's `Idempotency-Key`. OpenAI's clients send none, but repeat a request by themselves when a
connection breaks or an answer takes too long. Without a key, a request with the same content from the same API key is
therefore the same one while one of its jobs runs, and for a minute after the last has ended.

The first job of such a request is accepted with a key that its content and its predecessor decide, the last first job
of the same content; the others with keys that it decides. So two requests that come at once are one, in whichever
process they arrive: both see the same predecessor.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from fastapi import Request

from api.clock import now
from api.http.idempotency import given_key
from api.http.strict_json import canonical
from api.jobs.creating import Created, Creation
from api.schemas.jobs import CreateJob
from promptmill.contracts.access import Caller
from promptmill.contracts.jobs import FINAL_STATUSES
from promptmill.contracts.store import IdempotencyKey
from sql.models import Job

SAME_FOR: Final = timedelta(seconds=60)
"""How long after the end of its last job an equal request without a key is still the same one."""

MARK: Final = "openaiRequest"
"""Where a job's metadata has the digest of its request."""

FIRST: Final = "openaiFirst"
"""Where the metadata of a request's first job has what the keys of the others are made of; its retries have it, too."""


@dataclass(frozen=True)
class Marks:
    """What a request is recognised by: the digest of its content and caller, and the caller's own key."""

    digest: str
    key: str | None

    @classmethod
    def of(cls, request: Request, caller: Caller, content: Any) -> Marks:
        """Return what a request with this content is recognised by.

        Raises:
            Refused: Its `Idempotency-Key` is none.
        """
        who = caller.key_id or caller.actor
        meaning = canonical([request.method, request.url.path, who, content])
        return cls(_digest(meaning), given_key(request))

    def mark(self, place: int, first: Job | None = None) -> str:
        """Return the digest of one of the request's jobs: which of them it is counts, too, and with which first one."""
        return _digest(f"{self.digest}\n{place}\n{first.caller_metadata.get(FIRST) if first else ''}")


async def make(marks: Marks, times: int, creation: Creation, job: CreateJob) -> list[Job]:
    """Return the jobs of a request, which are created unless it came before.

    Args:
        marks: What it is recognised by.
        times: How many jobs it has.
        creation: Creates them.
        job: Each of them.

    Raises:
        Refused, PromptmillError: As in `Creation.create`. Jobs that were accepted before that go on; the same request
            finds them.
    """
    if marks.key is None:
        return await _unless_same(marks, times, creation, job)
    keys = [_key(f"{marks.key}\n{place}", marks.digest) for place in range(times)]
    return [(await creation.create(job, key)).job for key in keys]


async def _unless_same(marks: Marks, times: int, creation: Creation, job: CreateJob) -> list[Job]:
    """Return the jobs of a request that came before, or create those that are not there."""
    first = await _latest(creation, marks.mark(0))
    while first is None or not await _goes_on(marks, times, creation, first):
        mark = marks.mark(0)
        decided = _digest(f"{mark}\n{first.id if first else ''}")
        made = await _create(creation, job, {MARK: mark, FIRST: decided}, decided)
        first = made.job
        if not made.replayed:
            break
        # Another request was faster; or the job was erased, and its mark with it.
    jobs = [first]
    for place in range(1, times):
        mark = marks.mark(place, first)
        jobs.append(await _latest(creation, mark) or (await _create(creation, job, {MARK: mark}, mark)).job)
    return jobs


async def _goes_on(marks: Marks, times: int, creation: Creation, first: Job) -> bool:
    """Whether an equal request is still the same one as that of which this was the first job."""
    if first.erase_requested_at is not None:
        return False
    if _is_recent(first):
        return True
    others = [await _latest(creation, marks.mark(place, first)) for place in range(1, times)]
    return any(_is_recent(other) for other in others if other is not None)


def _is_recent(job: Job) -> bool:
    return job.status not in FINAL_STATUSES or job.completed_at is None or now() - job.completed_at < SAME_FOR


async def _latest(creation: Creation, mark: str) -> Job | None:
    return await creation.resources.store.jobs.latest_same(creation.caller.owner, MARK, mark)


async def _create(creation: Creation, job: CreateJob, marks: dict[str, Any], meaning: str) -> Created:
    marked = job.model_copy(update={"metadata": job.metadata | marks})
    return await creation.create(marked, _key(meaning, marks[MARK]))


def _key(meaning: str, request_hash: str) -> IdempotencyKey:
    return IdempotencyKey(key=f"openai-{_digest(meaning)}", request_hash=request_hash)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
