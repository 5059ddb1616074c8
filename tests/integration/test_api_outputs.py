"""Stored outputs over HTTP: files and their parts, what shows them fast, archives, and addresses that end."""

from __future__ import annotations

import asyncio
import io
import json
import zipfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import asyncpg
import httpx
import pytest
from structlog.testing import capture_logs

from api.clock import now
from api.outputs.sharing import Shared, Sharing
from promptmill.config.settings import Settings
from promptmill.contracts.audit import Action, AuditFilter
from promptmill.contracts.jobs import JobChange, JobStatus, MediaKind, Output
from promptmill.contracts.names import LOCAL_OWNER
from promptmill.contracts.outputs import Rendering
from promptmill.metrics import PROCESS
from promptmill.outputs.naming import recipe_path, rendering_path
from promptmill.outputs.storage import OutputStorage, open_storage
from promptmill.store import Store
from tests.fixtures.access import bearer, make_key
from tests.fixtures.api import open_api
from tests.fixtures.mill import new_job
from tests.support import eventually

PICTURE = bytes(range(256)) * 4096
"""A megabyte, so that it is sent in several parts."""


@dataclass(frozen=True)
class Shelf:
    """An API with a folder of outputs, and one job whose first output is stored; its second is not."""

    api: httpx.AsyncClient
    store: Store
    storage: OutputStorage
    sql: asyncpg.Connection
    job_id: UUID
    folder: Path

    @property
    def base(self) -> str:
        return f"/api/jobs/{self.job_id}/outputs"

    @property
    def path(self) -> str:
        return path_of(self.job_id)


def path_of(job_id: UUID) -> str:
    return f"2026-03-01/vendor_model/a-fox-{job_id.hex[-8:]}-0.png"


async def stored_job(store: Store, storage: OutputStorage, sql: asyncpg.Connection, settings: Settings) -> UUID:
    """Complete a job with two outputs, and store the first."""
    job, _ = await store.jobs.accept(new_job(settings))
    outputs = tuple(
        Output(index=place, kind=MediaKind.IMAGE, url=f"https://example.com/{place}.png") for place in range(2)
    )
    await store.jobs.begin(job.id)
    change = JobChange(job_id=job.id, status=JobStatus.COMPLETED, prediction_id=f"p-{job.id}", outputs=outputs)
    await store.jobs.advance(change)
    path = path_of(job.id)
    for place, content in (
        (path, PICTURE),
        (recipe_path(path), b'{"prompt": "a fox"}'),
        (rendering_path(path, Rendering.THUMBNAIL), b"small"),
    ):
        with storage.incoming() as folder:
            (folder / "new").write_bytes(content)
            await storage.put_file(place, folder / "new", "image/png")
    await sql.execute("DELETE FROM stored_outputs WHERE job_id = $1", job.id)
    await sql.execute(
        """
        INSERT INTO stored_outputs (job_id, index, state, expires_at, path, renderings, content_type, bytes,
                                    total_bytes, sha256, stored_at)
        VALUES ($1, 0, 'stored', now(), $2, '{thumbnail}', 'image/png', $3, $3, $4, now())
        """,
        job.id,
        path,
        len(PICTURE),
        sha256(PICTURE).hexdigest(),
    )
    columns = "job_id, index, state, expires_at, problem"
    await sql.execute(f"INSERT INTO stored_outputs ({columns}) VALUES ($1, 1, 'failed', now(), 'gone')", job.id)
    return job.id


@pytest.fixture
async def shelf(lonely_settings: Settings, store: Store, tmp_path: Path, database_url: str) -> AsyncIterator[Shelf]:
    settings = lonely_settings.model_copy(update={"outputs": str(tmp_path / "outputs")})
    storage = open_storage(settings)
    assert storage is not None
    sql = await asyncpg.connect(database_url)
    try:
        job_id = await stored_job(store, storage, sql, settings)
        async with open_api(settings) as api:
            yield Shelf(api, store, storage, sql, job_id, tmp_path / "outputs")
    finally:
        await sql.close()


async def test_a_file_is_served_whole_in_parts_and_not_again(shelf: Shelf) -> None:
    url = f"{shelf.base}/0/file"
    whole = await shelf.api.get(url)

    assert (whole.status_code, whole.content == PICTURE) == (200, True)
    assert whole.headers["content-type"] == "image/png"
    assert whole.headers["content-length"] == str(len(PICTURE))
    assert whole.headers["content-disposition"].startswith('inline; filename="a-fox-')
    assert "sandbox" in whole.headers["content-security-policy"]
    assert whole.headers["x-content-type-options"] == "nosniff"
    assert whole.headers["cache-control"] == "private, max-age=86400"
    assert whole.headers["vary"] == "Cookie, Authorization, Promptmill-Owner", "nobody sees it after they signed out"
    assert whole.headers["cross-origin-resource-policy"] == "same-origin"
    tag = whole.headers["etag"]
    assert (await shelf.api.get(url, headers={"If-None-Match": tag})).status_code == 304
    size = len(PICTURE)
    for asked, part, told in (
        ("bytes=0-0", PICTURE[:1], f"bytes 0-0/{size}"),
        ("bytes=1000-1999", PICTURE[1000:2000], f"bytes 1000-1999/{size}"),
        (f"bytes={size - 5}-", PICTURE[-5:], f"bytes {size - 5}-{size - 1}/{size}"),
        ("bytes=-7", PICTURE[-7:], f"bytes {size - 7}-{size - 1}/{size}"),
        ("bytes=10-99999999999999", PICTURE[10:], f"bytes 10-{size - 1}/{size}"),
        (f"bytes=-{size * 2}", PICTURE, f"bytes 0-{size - 1}/{size}"),
    ):
        answer = await shelf.api.get(url, headers={"Range": asked, "If-Range": tag})
        assert (answer.status_code, answer.headers["content-range"]) == (206, told), asked
        assert answer.content == part, asked
    for asked in ("bytes=0-1,3-4", "bytes=5-1", "items=0-1", "bytes=-", "bytes=a-b", "bytes=" + "1" * 40 + "-"):
        assert (await shelf.api.get(url, headers={"Range": asked})).status_code == 200, asked
    for asked in (f"bytes={size}-", "bytes=-0"):
        beyond = await shelf.api.get(url, headers={"Range": asked})
        assert (beyond.status_code, beyond.headers["content-range"]) == (416, f"bytes */{size}"), asked
    stale = await shelf.api.get(url, headers={"Range": "bytes=0-0", "If-Range": '"another"'})
    assert stale.status_code == 200
    head = await shelf.api.head(url)
    assert (head.status_code, head.content, head.headers["content-length"]) == (200, b"", str(size))
    saved = await shelf.api.get(url, params={"download": "true"})
    assert saved.headers["content-disposition"].startswith('attachment; filename="a-fox-')


async def test_what_is_not_there_is_told(shelf: Shelf) -> None:
    assert (await shelf.api.get(f"{shelf.base}/0/thumbnail")).content == b"small"
    for place, status, says in (
        ("0/poster", 404, "no poster"),
        ("1/file", 404, "gone"),
        ("2/file", 404, ""),
        ("0/original", 422, ""),
        ("-1/file", 422, ""),
    ):
        answer = await shelf.api.get(f"{shelf.base}/{place}")
        assert answer.status_code == status, place
        assert says in answer.json()["detail"], place
    (shelf.folder / shelf.path).unlink()
    lost = await shelf.api.get(f"{shelf.base}/0/file")
    assert (lost.status_code, lost.json()["code"]) == (404, "not_stored")
    assert str(shelf.folder) not in lost.text


async def test_others_see_nothing_of_it(shelf: Shelf) -> None:
    theirs = bearer(await make_key(shelf.store, "operator", "somebody"))
    for place in (f"{shelf.base}/0/file", f"{shelf.base}/0/thumbnail", f"/api/jobs/{shelf.job_id}/archive"):
        answer = await shelf.api.get(place, headers=theirs)
        assert answer.status_code == 404, place
    shared = await shelf.api.post(f"{shelf.base}/0/share", headers=theirs)
    assert shared.status_code == 404
    archive = await shelf.api.get("/api/outputs/archive", params={"jobId": str(shelf.job_id)}, headers=theirs)
    assert archive.status_code == 404


async def test_an_admin_sees_what_anybody_made_as_a_browser_asks_for_images(shelf: Shelf) -> None:
    admin = bearer(await make_key(shelf.store, "admin", "somebody"))
    operator = bearer(await make_key(shelf.store, "operator", "somebody"))
    for shown in ("file", "thumbnail"):
        place = f"{shelf.base}/0/{shown}"
        assert (await shelf.api.get(place, headers=admin)).status_code == 200, shown
        assert (await shelf.api.get(place, headers=operator)).status_code == 404, shown
        named = {
            who: await shelf.api.get(place, headers=admin | {"Promptmill-Owner": who})
            for who in (LOCAL_OWNER, "somebody")
        }
        assert [one.status_code for one in named.values()] == [200, 404], (
            "the owner that is named is the one that counts"
        )


async def test_an_archive_has_files_recipes_and_what_is_missing(shelf: Shelf) -> None:
    for url, params in (
        (f"/api/jobs/{shelf.job_id}/archive", {}),
        ("/api/outputs/archive", {"jobId": [str(shelf.job_id), "01890000-0000-7000-8000-000000000000"]}),
    ):
        answer = await shelf.api.get(url, params=params)
        assert answer.headers["content-type"] == "application/zip"
        with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
            assert archive.testzip() is None
            assert archive.read(shelf.path) == PICTURE
            assert json.loads(archive.read(recipe_path(shelf.path))) == {"prompt": "a fox"}
            assert archive.read("not-stored.txt").decode() == f"{shelf.job_id} 1: gone\n"
    empty = await shelf.api.get("/api/outputs/archive", params={"jobId": "01890000-0000-7000-8000-000000000000"})
    assert (empty.status_code, empty.json()["code"]) == (404, "not_stored")
    most = await shelf.api.get("/api/outputs/archive", params={"jobId": [str(shelf.job_id)] * 101})
    assert most.status_code == 422


async def test_a_shared_address_opens_one_file_for_anyone_until_it_ends(shelf: Shelf) -> None:
    key = bearer(await make_key(shelf.store))
    shared = (await shelf.api.post(f"{shelf.base}/0/share", json={"hours": 2}, headers=key)).json()
    assert timedelta(hours=1) < datetime.fromisoformat(shared["expiresAt"]) - now() <= timedelta(hours=2)

    from_elsewhere = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}
    with capture_logs() as lines:
        opened = await shelf.api.get(shared["url"], headers=from_elsewhere)
        paths = await eventually(lambda: [line["path"] for line in lines if line["event"] == "request"])
    assert paths == ["/shared/…"], "who has it, may open it"

    assert (opened.status_code, opened.content == PICTURE) == (200, True)
    kept = int(opened.headers["cache-control"].removeprefix("private, max-age="))
    assert 3600 < kept <= 7200, "no browser shows it longer than the address holds"
    token = shared["url"].split("/shared/")[1].split("/")[0]
    payload, signature = token.split(".")
    # Not its last character: two of the bits that it stands for are no part of the signature.
    forged = f"{payload}.{'A' if signature[0] != 'A' else 'B'}{signature[1:]}"
    for changed in (forged, token[1:], "x", token.replace(".", "..")):
        assert (await shelf.api.get(f"/shared/{changed}/a.png")).status_code == 404, changed
    secret = await shelf.store.outputs.sharing_secret("another")
    assert secret != "another"
    ended = Sharing(secret).token(Shared(shelf.job_id, 0, now() - timedelta(seconds=1)))
    answer = await shelf.api.get(f"/shared/{ended}/a.png")
    assert (answer.status_code, answer.json()["code"]) == (410, "link_expired")
    [entry] = await shelf.store.audit.list(AuditFilter(action=Action.OUTPUT_SHARE))
    assert entry.target == f"job:{shelf.job_id}"
    await shelf.sql.execute("UPDATE stored_outputs SET state = 'removed', path = NULL, problem = 'erased'")
    gone = await shelf.api.get(shared["url"])
    assert (gone.status_code, gone.json()["code"]) == (404, "not_stored")


async def test_who_guesses_addresses_costs_the_record_next_to_nothing(shelf: Shelf) -> None:
    def statements() -> float:
        name = "promptmill_postgres_statement_seconds_count"
        return PROCESS.get_sample_value(name, {"statement": "select switches"}) or 0

    await shelf.api.get("/shared/guess/a.png")
    before = statements()
    guesses = [shelf.api.get(f"/shared/guess-{n}/a.png") for n in range(60)]
    assert {answer.status_code for answer in await asyncio.gather(*guesses)} == {404}
    assert before > 0
    assert statements() - before < 30, "about one a second"


async def test_many_readers_at_once_get_what_they_ask_for(shelf: Shelf) -> None:
    async def read(start: int) -> bool:
        answer = await shelf.api.get(f"{shelf.base}/0/file", headers={"Range": f"bytes={start}-{start + 99}"})
        return answer.content == PICTURE[start : start + 100]

    assert all(await asyncio.gather(*(read(start) for start in range(0, 5000, 100))))


async def test_without_a_storage_it_says_so(lonely_api: httpx.AsyncClient) -> None:
    answer = await lonely_api.get("/api/jobs/01890000-0000-7000-8000-000000000000/outputs/0/file")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_stored")
    assert "PROMPTMILL_OUTPUTS" in answer.json()["detail"]
