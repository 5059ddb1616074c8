"""What callers see of our own copy of an output."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from api.jobs.reading import Addresses
from api.jobs.stored import output_answers
from sql.models import StoredOutput

JOB = UUID("01890000-0000-7000-8000-0000deadbeef")
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
OUTPUTS = [
    {"index": 0, "kind": "video", "url": "https://cdn.example/a.mp4"},
    {"index": 1, "kind": "text", "url": None, "text": "words"},
]


def copy(state: str = "stored", **more: Any) -> StoredOutput:
    usual: dict[str, Any] = {
        "path": "2026-03-01/m/a-0.mp4",
        "renderings": ["poster", "preview"],
        "content_type": "video/mp4",
    }
    usual |= {"bytes": 9, "width": 320, "height": 180, "duration_seconds": 2.0, "sha256": "ab", "stored_at": NOON}
    row: dict[str, Any] = {
        "job_id": JOB,
        "index": 0,
        "expires_at": NOON,
        "attempts": 1,
        "created_at": NOON,
        "state": state,
    }
    row |= {"due_at": None, "warned_at": None, "total_bytes": 12, "problem": None}
    return StoredOutput.model_validate(usual | row | more)


def shown(*copies: StoredOutput) -> list[Any]:
    addresses = Addresses(None, "default", "/mill", serves_outputs=True)
    return [
        answer.model_dump(mode="json") for answer in output_answers(OUTPUTS, copies, partial(addresses.output, JOB))
    ]


def test_stored_output_has_an_address_for_itself_and_each_rendering() -> None:
    film, words = shown(copy())

    here = f"/mill/api/jobs/{JOB}/outputs/0"
    assert film["stored"] == {
        "state": "stored",
        "name": "a-0.mp4",
        "url": f"{here}/file",
        "thumbnailUrl": None,
        "posterUrl": f"{here}/poster",
        "previewUrl": f"{here}/preview",
        "contentType": "video/mp4",
        "bytes": 9,
        "width": 320,
        "height": 180,
        "durationSeconds": 2.0,
        "sha256": "ab",
        "storedAt": "2026-03-01T12:00:00Z",
        "problem": None,
    }
    assert film["url"] == "https://cdn.example/a.mp4"
    assert words["stored"] is None


@pytest.mark.parametrize("state", ["waiting", "failed", "removed"])
def test_one_that_is_not_there_has_nothing_but_its_problem(state: str) -> None:
    (film, _) = shown(copy(state, problem="the server answered 503"))

    known = {name: value for name, value in film["stored"].items() if value is not None}
    assert known == {"state": state, "problem": "the server answered 503"}


def test_without_a_copy_there_is_nothing_to_see() -> None:
    assert [output["stored"] for output in shown()] == [None, None]
