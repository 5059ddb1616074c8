"""The shapes of a job: one is built from another by name, and a field declared once reaches all that have it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import ValidationError

from api.http.problem_kinds import PROBLEM_KINDS
from api.schemas.jobs import CreateJob
from api.schemas.prompt_queue import EnqueuePrompt, JobCounts
from promptmill.contracts.jobs import (
    JobChange,
    JobFacts,
    JobInput,
    JobOrder,
    JobResult,
    JobSnapshot,
    JobStatus,
    MediaKind,
    ProviderMode,
)
from promptmill.contracts.messages import Message
from promptmill.contracts.prompts import OnPromptFailure, Operation, Order, PromptOrder, PromptRequest, Question
from promptmill.contracts.store import NewJob, NewPromptJob
from sql.models import Job, PromptGenerationJob

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)


class Small(Message):
    number: int
    text: str | None = None


@pytest.mark.parametrize("source", [{"number": 1, "text": "a"}, SimpleNamespace(number=1, text="a", other=2)])
def test_a_shape_is_built_from_what_has_its_fields(source: object) -> None:
    assert Small.built_from(source) == Small(number=1, text="a")
    assert Small.built_from(source, text="b") == Small(number=1, text="b")


@pytest.mark.parametrize("source", [{"number": 1}, SimpleNamespace(number=1)])
def test_a_field_that_the_source_lacks_is_never_left_out_in_silence(source: object) -> None:
    with pytest.raises((AttributeError, KeyError), match="text"):
        Small.built_from(source)
    assert Small.built_from(source, text=None) == Small(number=1)


def test_a_wrong_value_is_refused() -> None:
    with pytest.raises(ValidationError):
        Small.built_from({"number": "many", "text": None})


@pytest.mark.parametrize(
    ("base", "shapes"),
    [
        (Order, (JobOrder, PromptOrder)),
        (JobOrder, (NewJob, JobInput)),
        (PromptOrder, (NewPromptJob, PromptRequest)),
        (JobFacts, (JobResult, JobChange)),
        (JobResult, (JobSnapshot,)),
    ],
)
def test_a_field_stands_in_one_base_alone(base: type[Message], shapes: tuple[type[Message], ...]) -> None:
    for shape in shapes:
        assert issubclass(shape, base)
        assert not base.model_fields.keys() & shape.__annotations__.keys()


@pytest.mark.parametrize(("order", "row"), [(JobOrder, Job), (PromptOrder, PromptGenerationJob)])
def test_what_is_asked_for_has_a_column(order: type[Message], row: Any) -> None:
    assert order.model_fields.keys() <= {column.name for column in row.__table__.columns}


@pytest.mark.parametrize(
    ("request_model", "order", "decided"),
    [
        (CreateJob, JobOrder, {"owner", "kind", "provider_mode"}),
        (EnqueuePrompt, PromptOrder, {"owner", "existing_prompt", "style_wording", "wants_negative"}),
    ],
)
def test_a_caller_gives_what_is_asked_for_under_the_same_name(
    request_model: Any, order: type[Message], decided: set[str]
) -> None:
    assert order.model_fields.keys() - decided <= request_model.model_fields.keys()


def test_a_payload_of_the_first_release_still_decodes() -> None:
    """Running workflows have inputs without the fields that were added later."""
    payload: dict[str, Any] = {
        "job_id": "0192a4c8-0000-7000-8000-000000000001",
        "owner": "local",
        "model": "wavespeed-ai/flux-dev",
        "kind": "image",
        "input": {"size": "64*64"},
        "prompt": None,
        "use_ai_prompt": True,
        "prompt_job_id": "0192a4c8-0000-7000-8000-000000000002",
        "operation": "generate",
        "instructions": "a fox",
        "target_url": None,
        "ref_urls": [],
        "on_prompt_failure": "fail",
        "priority": 5,
        "provider_mode": "simulated",
        "generate_timeout_seconds": 900,
        "deadline_at": AT.isoformat(),
        "created_at": AT.isoformat(),
        "unknown_to_this_release": 1,
    }

    job = JobInput.model_validate(payload)

    assert (job.kind, job.operation) == (MediaKind.IMAGE, Operation.GENERATE)
    assert (job.on_prompt_failure, job.provider_mode) == (OnPromptFailure.FAIL, ProviderMode.SIMULATED)
    assert (job.callback_url, job.metadata, job.retry_of) == (None, {}, None)
    asked = PromptRequest.built_from(job, **Question().model_dump(), existing_prompt=job.prompt, metadata={})
    assert (asked.instructions, asked.wanted_variants) == ("a fox", 1)


def test_every_status_is_counted() -> None:
    assert [*JobCounts.model_fields] == [str(status) for status in JobStatus]


def test_every_conflict_of_the_record_is_explained() -> None:
    hints = {
        line.split("HINT = '")[1].split("'")[0]
        for path in (ROOT / "sql" / "functions").glob("*.sql")
        for line in path.read_text(encoding="utf-8").splitlines()
        if "HINT = '" in line
    }
    assert "job_open" in hints
    assert hints <= PROBLEM_KINDS.keys()
