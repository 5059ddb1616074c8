"""The pictures of ended jobs, as OpenAI's clients expect them: addresses that anybody can open, or bytes."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Final

from api.clock import now
from api.http.callers import SHARED_FOLDER
from api.http.errors import Refused
from api.outputs.sharing import Shared, Sharing, new_secret
from api.schemas.jobs import JobAnswer
from api.schemas.openai import Picture, Pictures, ResponseFormat
from api.schemas.outputs import OutputAnswer
from promptmill.api_resources import READ_BYTES, ApiResources
from promptmill.contracts.access import By
from promptmill.contracts.audit import Action
from promptmill.contracts.jobs import FINAL_STATUSES, MediaKind
from promptmill.contracts.outputs import StoredState

LINK_HOURS: Final = 24
"""How long the address of a stored picture opens it."""

NOT_AGAIN: Final = {"X-Should-Retry": "false"}
"""Tells OpenAI's clients not to repeat a request by themselves: it would find the same end."""


def refuse_unfinished(jobs: Sequence[JobAnswer], waited: float) -> None:
    """Check that all jobs have ended, and that there is a picture.

    Raises:
        Refused: `job_not_finished` or `job_failed`, which name the jobs.
    """
    unfinished = [job for job in jobs if job.status not in FINAL_STATUSES]
    if unfinished:
        raise Refused(
            "job_not_finished",
            f"Not ready yet: a request waits for {waited:g} s. {_told(unfinished)} Send the same request again to wait "
            "for it: it finds the job and is not paid twice.",
        )
    if not any(True for _ in pictures_of(jobs)):
        raise Refused("job_failed", f"There is no picture. {_told(jobs)}", headers=NOT_AGAIN)


def pictures_of(jobs: Sequence[JobAnswer]) -> Iterator[tuple[JobAnswer, OutputAnswer]]:
    """Yield every picture of these jobs: those of one job although another failed, because they are paid."""
    for job in jobs:
        yield from ((job, output) for output in job.outputs if output.kind == MediaKind.IMAGE and output.url)


def _told(jobs: Sequence[JobAnswer]) -> str:
    """Return where jobs stand, and where to look at them."""
    return " ".join(
        f"Job {job.job_id} ({job.links.self_}): {job.error.message if job.error else job.status_text}" for job in jobs
    )


@dataclass(frozen=True)
class Returning:
    """Returns pictures to one caller.

    Attributes:
        resources: The API's.
        by: The caller, for the audit log: a signed address opens a picture to anybody.
        base: Where callers reach this API.
    """

    resources: ApiResources
    by: By
    base: str

    async def pictures(self, jobs: Sequence[JobAnswer], response_format: ResponseFormat) -> Pictures:
        """Return the pictures of jobs that have ended.

        Raises:
            PromptmillError: One that was to be read cannot be.
            Refused: All together are too large to be read.
        """
        found = [*pictures_of(jobs)]
        if response_format is ResponseFormat.URL:
            data = [Picture(url=await self._url(job, output)) for job, output in found]
        else:
            data = await self._read_all(found)
        return Pictures(created=int(max(job.completed_at or job.created_at for job in jobs).timestamp()), data=data)

    async def _url(self, job: JobAnswer, output: OutputAnswer) -> str:
        """Return a picture's address: of our own copy if there is one, else WaveSpeed's."""
        store = self.resources.store
        if output.stored is None or output.stored.state != StoredState.STORED or output.stored.name is None:
            return output.url or ""
        shared = Shared(job.job_id, output.index, now() + timedelta(hours=LINK_HOURS))
        await store.audit.note(
            self.by,
            Action.OUTPUT_SHARE,
            owner=job.owner,
            target=f"job:{job.job_id}",
            after={"index": output.index, "expiresAt": shared.expires_at.isoformat()},
        )
        sharing = Sharing(await store.outputs.sharing_secret(new_secret()))
        return f"{self.base}{SHARED_FOLDER}{sharing.token(shared)}/{PurePosixPath(output.stored.name).name}"

    async def _read_all(self, found: Sequence[tuple[JobAnswer, OutputAnswer]]) -> list[Picture]:
        room = READ_BYTES
        data = []
        for job, output in found:
            content = await self._read(job, output)
            room -= len(content)
            if room < 0:
                raise Refused(
                    "pictures_too_large",
                    f"The pictures of job {job.job_id} have more than {READ_BYTES // 2**20} MiB together: ask for "
                    "response_format `url`. The same request finds them.",
                    headers=NOT_AGAIN,
                )
            data.append(Picture(b64_json=base64.b64encode(content).decode()))
        return data

    async def _read(self, job: JobAnswer, output: OutputAnswer) -> bytes:
        """Return a picture's bytes: of our own copy if there is one, else as WaveSpeed has them."""
        storage = self.resources.storage
        if storage is None or output.stored is None or output.stored.state != StoredState.STORED:
            return await self.resources.fetcher.read(output.url or "")
        copy = await self.resources.store.outputs.get(job.job_id, output.index, owner=job.owner)
        assert copy.path is not None, "what is stored has a path"
        end = min(await storage.size(copy.path), READ_BYTES + 1)
        opened = await storage.open(copy.path, 0, end)
        return b"".join([chunk async for chunk in opened.chunks])
