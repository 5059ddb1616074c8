"""The limits of what callers send, field by field."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from api.http.errors import pointer_to
from api.schemas.jobs import INPUT_BYTES, CreateJob, ListJobs
from api.schemas.prompt_queue import EnqueuePrompt
from promptmill.contracts.prompts import OnPromptFailure

PLAIN = {"model": "bytedance/seedream-v4", "prompt": "a lighthouse"}


def wrong_places(model: type[CreateJob | EnqueuePrompt | ListJobs], body: Any) -> dict[str, str]:
    """Return the pointers of a refusal, with their messages."""
    with pytest.raises(ValidationError) as refusal:
        model.model_validate(body)
    return {pointer_to(error["loc"]): error["msg"] for error in refusal.value.errors()}


def test_a_job_needs_a_model_and_a_prompt_alone() -> None:
    job = CreateJob.model_validate(PLAIN)

    assert (job.priority, job.deadline_seconds, job.use_ai_prompt) == (5, 86_400, False)
    assert job.on_prompt_failure is OnPromptFailure.FAIL


@pytest.mark.parametrize(
    ("field", "value", "pointer"),
    [
        ("model", "seedream", "/model"),
        ("model", "a/b/c/d", "/model"),
        ("model", "../predictions", "/model"),
        ("model", "a/..", "/model"),
        ("model", "a/b?c", "/model"),
        ("model", "a/b\n", "/model"),
        ("model", "a/" + "b" * 200, "/model"),
        ("model", "predictions/delete", "/model"),
        ("model", "user/x", "/model"),
        ("model", "account/x", "/model"),
        ("model", "Upload/x", "/model"),
        ("model", 5, "/model"),
        ("input", [], "/input"),
        ("input", {"x": "y" * INPUT_BYTES}, "/input"),
        ("input", {"prompt": "x"}, "/input/prompt"),
        ("input", {"enable_sync_mode": False}, "/input/enable_sync_mode"),
        ("input", {"enable_base64_output": True}, "/input/enable_base64_output"),
        ("prompt", "x" * 10_001, "/prompt"),
        ("prompt", 5, "/prompt"),
        ("prompt", "   ", "/prompt"),
        ("useAiPrompt", "yes", "/useAiPrompt"),
        ("useAiPrompt", 1, "/useAiPrompt"),
        ("promptJobId", "none", "/promptJobId"),
        ("operation", "write", "/operation"),
        ("instructions", "x" * 4_001, "/instructions"),
        ("targetUrl", 5, "/targetUrl"),
        ("targetUrl", "https://example.com/" + "x" * 2_048, "/targetUrl"),
        ("refUrls", ["https://example.com/a.png"] * 9, "/refUrls"),
        ("refUrls", "https://example.com/a.png", "/refUrls"),
        ("refUrls", [None], "/refUrls/0"),
        ("onPromptFailure", "retry", "/onPromptFailure"),
        ("priority", 0, "/priority"),
        ("priority", 11, "/priority"),
        ("priority", "5", "/priority"),
        ("priority", 5.5, "/priority"),
        ("priority", True, "/priority"),
        ("deadlineSeconds", 29, "/deadlineSeconds"),
        ("deadlineSeconds", 604_801, "/deadlineSeconds"),
        ("generateTimeoutSeconds", 29, "/generateTimeoutSeconds"),
        ("generateTimeoutSeconds", 86_401, "/generateTimeoutSeconds"),
        ("callbackUrl", 5, "/callbackUrl"),
        ("metadata", {str(n): "x" for n in range(17)}, "/metadata"),
        ("metadata", {"x": 5}, "/metadata/x"),
        ("metadata", {"x": "y" * 1_001}, "/metadata/x"),
        ("metadata", {"x" * 65: "y"}, f"/metadata/{'x' * 65}/[key]"),
    ],
)
def test_each_limit_is_refused_at_its_place(field: str, value: Any, pointer: str) -> None:
    assert set(wrong_places(CreateJob, PLAIN | {field: value})) == {pointer}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("model", "a/b/c"),
        ("prompt", "x" * 10_000),
        ("instructions", "x" * 4_000),
        ("refUrls", ["https://example.com/a.png"] * 8),
        ("priority", 1),
        ("priority", 10),
        ("deadlineSeconds", 30),
        ("deadlineSeconds", 604_800),
        ("generateTimeoutSeconds", 30),
        ("generateTimeoutSeconds", 86_400),
        ("metadata", {str(n): "x" * 1_000 for n in range(16)}),
    ],
)
def test_each_limit_itself_is_allowed(field: str, value: Any) -> None:
    CreateJob.model_validate(PLAIN | {field: value})


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("useAiPromt", "useAiPrompt"),
        ("use_ai_prompt", "useAiPrompt"),
        ("USEAIPROMPT", "useAiPrompt"),
        ("targetURL", "targetUrl"),
        ("refUrl", "refUrls"),
        ("deadline", "deadlineSeconds"),
    ],
)
def test_an_unknown_field_is_refused_and_the_nearest_named(unknown: str, nearest: str) -> None:
    """A typo in `useAiPrompt` must not cost money."""
    said = wrong_places(CreateJob, PLAIN | {unknown: True})

    assert said == {f"/{unknown}": f"Unknown field. Did you mean {nearest}?"}


def test_unknown_fields_do_not_hide_what_else_is_wrong() -> None:
    said = wrong_places(CreateJob, {"modle": "a/b", "prompt": "x", "priority": 0, "{odd}": 1})

    assert set(said) == {"/modle", "/model", "/priority", "/{odd}"}


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"useAiPrompt": True}, "/useAiPrompt"),
        ({"useAiPrompt": True, "prompt": "x", "promptJobId": "01900000-0000-7000-8000-000000000000"}, "/promptJobId"),
        ({"useAiPrompt": True, "instructions": "x", "operation": "enhance"}, "/operation"),
        ({"useAiPrompt": True, "instructions": "x", "onPromptFailure": "usePrompt"}, "/onPromptFailure"),
        ({"instructions": "x"}, "/prompt"),
    ],
)
def test_fields_that_do_not_belong_together_are_refused(body: dict[str, Any], pointer: str) -> None:
    assert set(wrong_places(CreateJob, {"model": "a/b"} | body)) == {pointer}


@pytest.mark.parametrize("reason", [{"prompt": "x"}, {"instructions": "x"}, {"targetUrl": "https://e.com/a"}])
def test_one_thing_to_go_by_is_enough_for_grok(reason: dict[str, Any]) -> None:
    CreateJob.model_validate({"model": "a/b", "useAiPrompt": True} | reason)
    EnqueuePrompt.model_validate(reason)


def test_a_prompt_job_with_nothing_to_go_by_is_refused() -> None:
    assert set(wrong_places(EnqueuePrompt, {"prompt": " "})) == {"/instructions"}
    assert set(wrong_places(EnqueuePrompt, {"instructions": "x", "operation": "enhance"})) == {"/operation"}
    assert set(wrong_places(EnqueuePrompt, {"instructions": "x", "model": "a/b"})) == {"/model"}


@pytest.mark.parametrize("body", [[], "x", 5, None])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    assert wrong_places(CreateJob, body) == {"": "Must be a JSON object."}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", ["done"]),
        ("model", ["x"]),
        ("model", ["a/b"] * 51),
        ("kind", "picture"),
        ("liked", "yes"),
        ("minCostUsd", "1e3"),
        ("minCostUsd", "-1"),
        ("maxCostUsd", "0.0000001"),
        ("group", ""),
        ("group", "a\x00b"),
        ("q", "a\x00b"),
        ("q", "x" * 201),
        ("createdAfter", "yesterday"),
        ("createdAfter", "2026-01-01T00:00:00"),
        ("createdBefore", "0001-01-01T00:00:00+14:00"),
        ("limit", "0"),
        ("limit", "201"),
        ("cursor", "x" * 201),
    ],
)
def test_each_filter_has_its_limits(field: str, value: Any) -> None:
    (pointer,) = wrong_places(ListJobs, {field: value})

    assert pointer.startswith(f"/{field}")
