"""Responses as programs and browsers receive them: compressed, and 304 for what they already have."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from uuid import UUID

import httpx
import pytest

from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.store import Store
from tests.fixtures.mill import IMAGE_MODEL

PLAIN = {"model": IMAGE_MODEL, "prompt": "a fox " * 200}


@pytest.fixture
async def job(lonely_api: httpx.AsyncClient) -> str:
    """The path of a job."""
    return str((await lonely_api.post("/api/jobs/create", json=PLAIN)).json()["links"]["self"])


async def asked(api: httpx.AsyncClient, path: str, headers: Mapping[str, str]) -> tuple[httpx.Response, bytes]:
    """A response, and its body as sent."""
    async with api.stream("GET", path, headers=headers) as answer:
        return answer, b"".join([part async for part in answer.aiter_raw()])


async def test_jobs_and_lists_are_compressed_for_who_takes_it(lonely_api: httpx.AsyncClient, job: str) -> None:
    for path in (job, "/api/jobs", "/api/models"):
        plain, text = await asked(lonely_api, path, {"Accept-Encoding": "identity"})
        packed, bytes_sent = await asked(lonely_api, path, {"Accept-Encoding": "br, gzip"})

        assert "content-encoding" not in plain.headers, path
        assert packed.headers["content-encoding"] == "gzip", path
        assert packed.headers["content-type"] == plain.headers["content-type"] == "application/json", path
        assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding", path
        assert gzip.decompress(bytes_sent) == text, path
        assert len(bytes_sent) < len(text) / 2, path
        assert packed.headers["cache-control"] == "no-store", "nothing of a caller's jobs is kept on a disk"


async def test_what_the_caller_has_is_not_sent_again_until_it_changes(
    lonely_api: httpx.AsyncClient, store: Store, job: str
) -> None:
    known = {path: (await lonely_api.get(path)).headers["etag"] for path in (job, "/api/jobs")}
    for path, tag in known.items():
        again, body = await asked(lonely_api, path, {"If-None-Match": f'"another", {tag}'})
        assert (again.status_code, body, again.headers["etag"]) == (304, b"", tag), path

    await store.jobs.advance(JobChange(job_id=UUID(job.rpartition("/")[2]), status=JobStatus.FAILED))

    for path, tag in known.items():
        changed = await lonely_api.get(path, headers={"If-None-Match": tag})
        assert changed.status_code == 200, path
        assert changed.headers["etag"] != tag, path


async def test_each_encoding_has_its_own_tag(lonely_api: httpx.AsyncClient, job: str) -> None:
    plain, _ = await asked(lonely_api, job, {"Accept-Encoding": "identity"})
    packed, _ = await asked(lonely_api, job, {"Accept-Encoding": "gzip"})
    crossed, _ = await asked(lonely_api, job, {"Accept-Encoding": "gzip", "If-None-Match": plain.headers["etag"]})

    assert plain.headers["etag"] != packed.headers["etag"]
    assert crossed.status_code == 200


async def test_streams_are_never_compressed(lonely_api: httpx.AsyncClient, job: str) -> None:
    for path in ("/api/jobs/events", f"{job}/events"):
        headers = {"Accept": "text/event-stream", "Accept-Encoding": "gzip"}
        async with lonely_api.stream("GET", path, headers=headers) as answer:
            assert answer.status_code == 200
            assert "content-encoding" not in answer.headers
            assert (await anext(answer.aiter_raw())).startswith(b"retry:"), "the first bytes arrive by themselves"
