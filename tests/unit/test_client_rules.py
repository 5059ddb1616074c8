"""The rules of the Python client, without a server: what is repeated, what a stream says, where files go."""

from __future__ import annotations

import base64
import inspect
import re
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from promptmill.providers.callbacks.signature import CallbackSigner
from promptmill_client import (
    NotSaved,
    WrongSignature,
    asynchronous,
    asynchronous_batches,
    errors,
    sync,
    sync_batches,
    verify_callback,
)
from promptmill_client.calls import ask_price, create_job, get_job, upload_file
from promptmill_client.downloads import Saving, checked_template, source, target
from promptmill_client.errors import api_error
from promptmill_client.flows import wait_before_repeating
from promptmill_client.messages import Call, retry_after
from promptmill_client.models import AskPrice, CreateJob, JobAnswer, OutputAnswer, Problem
from promptmill_client.settings import Address, timeouts
from promptmill_client.streams import Frames
from tests.client_models import MODELS, make_models
from tests.node import ROOT

ID = UUID("01890000-0000-7000-8000-000000000000")
ORDER = create_job(CreateJob(model="wavespeed-ai/flux-dev", prompt="a fox"), "a key")
SECRET = base64.b64encode(bytes(range(32))).decode()
OTHER_SECRET = base64.b64encode(bytes(range(1, 33))).decode()
BODY = b'{"type": "job.completed", "timestamp": "2026-01-31T12:00:00Z", "data": {"jobId": "1"}}'
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def answered(status: int, code: str = "", **headers: str) -> httpx.Response:
    problem = {"type": "", "title": "", "status": status, "detail": "", "instance": "", "code": code, "requestId": ""}
    return httpx.Response(
        status, json=problem, headers={name.replace("_", "-"): text for name, text in headers.items()}
    )


def a_job(*outputs: dict[str, Any], **fields: Any) -> JobAnswer:
    """Return a job with the fields that names are made of."""
    usual: dict[str, Any] = {
        "job_id": ID,
        "model": "wavespeed-ai/flux-dev",
        "prompt": "A fox in the first snow",
        "original_prompt": None,
        "input": {"seed": 7},
        "created_at": NOW,
        "outputs": [OutputAnswer(**output) for output in outputs],
    }
    return JobAnswer.model_construct(**usual | fields)


def test_models_are_those_of_the_document() -> None:
    assert make_models() == MODELS.read_text(encoding="utf-8"), "run `make types`"


def test_both_clients_offer_the_same() -> None:
    def offered(module: Any) -> dict[str, list[str]]:
        return {
            f"{name.removeprefix('Async')}.{method}": [*inspect.signature(function).parameters]
            for name, kind in inspect.getmembers(module, inspect.isclass)
            if kind.__module__ == module.__name__
            for method, function in inspect.getmembers(kind, inspect.isfunction)
            if not method.startswith("_")
        }

    assert offered(sync) == offered(asynchronous)
    assert offered(sync_batches) == offered(asynchronous_batches)
    assert "Client.run" in offered(sync)


@pytest.mark.parametrize(
    ("call", "outcome", "again"),
    [
        (ORDER, httpx.ReadError("lost"), True),
        (ORDER, answered(503), True),
        (ORDER, answered(429, "rate_limited"), True),
        (ORDER, answered(409, "idempotency_in_progress"), True),
        (ORDER, answered(409, "idempotency_key_reused"), False),
        (ORDER, answered(429, "too_many_wrong_tokens"), False),
        (ORDER, answered(422, "invalid_request"), False),
        (ORDER, answered(500, "internal_error"), False),
        (ORDER, answered(503, "temporal_unavailable", Retry_After="3600"), False),
        (ORDER, httpx.Response(502, content=b"<html>"), True),
        (ORDER, answered(202), False),
        (get_job(ID), httpx.ConnectError("away"), True),
        (upload_file("a.png", b""), httpx.ConnectError("away"), False),
        (upload_file("a.png", b""), answered(503), False),
        (ask_price(AskPrice(model="a/b")), answered(503), False),
    ],
)
def test_a_request_is_repeated_only_where_twice_is_like_once(
    call: Call[Any], outcome: httpx.Response | httpx.TransportError, *, again: bool
) -> None:
    wait = wait_before_repeating(call, outcome, 0)

    assert (wait is not None) is again
    assert wait is None or 0 < wait <= 1


def test_what_the_api_asks_for_is_waited_and_longer_each_time() -> None:
    assert wait_before_repeating(ORDER, answered(429, Retry_After="7"), 0) == 7
    assert 4 <= (wait_before_repeating(ORDER, answered(503), 4) or 0) <= 8
    dated = answered(503, Date="Sat, 31 Jan 2026 12:00:00 GMT", Retry_After="Sat, 31 Jan 2026 12:00:09 GMT")
    assert retry_after(dated) == 9
    assert retry_after(answered(503, Retry_After="soon")) is None


def test_only_the_api_learns_the_key() -> None:
    address = Address.of("https://mill.example.com/below/", "secret", "team-a")

    ours = address.request(get_job(ID), timeouts(5))
    elsewhere = address.request(Call(method="GET", path="https://files.example.com/x", read=str), timeouts(5))

    assert str(ours.url) == f"https://mill.example.com/below/api/jobs/{ID}"
    assert ours.headers["authorization"] == "Bearer secret"
    assert ours.headers["promptmill-owner"] == "team-a"
    assert not {"authorization", "promptmill-owner"} & {*elsewhere.headers}


@pytest.mark.parametrize(
    ("url", "key", "owner"),
    [("http://[::1", "k", None), ("http://a", "“k”", None), ("http://a", "k\n", None), ("http://a", "k", "ä")],
)
def test_what_cannot_be_sent_is_refused_before_anything_is(url: str, key: str, owner: str | None) -> None:
    with pytest.raises(ValueError, match=r"is no address|printable ASCII") as refused:
        Address.of(url, key, owner)
    assert "“k”" not in str(refused.value)
    with pytest.raises(ValueError, match="An idempotency key must be printable ASCII"):
        create_job(CreateJob(model="wavespeed-ai/flux-dev"), "schlüssel")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (401, "unauthorized", errors.NotAllowed),
        (403, "scope_missing", errors.NotAllowed),
        (402, "budget_exhausted", errors.BudgetExhausted),
        (403, "limit_exceeded", errors.LimitReached),
        (429, "queue_full", errors.LimitReached),
        (429, "too_many_wrong_tokens", errors.NotAllowed),
        (423, "owner_paused", errors.Paused),
        (404, "not_found", errors.NotFound),
        (409, "job_open", errors.Conflict),
        (422, "invalid_request", errors.InvalidRequest),
        (413, "too_large", errors.InvalidRequest),
        (503, "record_unavailable", errors.Unavailable),
        (500, "internal_error", errors.ServerError),
        (418, "a_code_of_a_newer_api", errors.InvalidRequest),
    ],
)
def test_each_refusal_is_an_error_of_its_kind(status: int, code: str, kind: type[errors.ApiError]) -> None:
    problem = Problem(type="", title="", status=status, detail="No.", instance="", code=code, request_id="1")

    error = api_error(problem, 3)

    assert type(error) is kind
    assert (str(error), error.reason_code, error.retry_after, error.field_errors) == ("No.", code, 3, [])


def test_a_stream_is_read_however_it_is_cut() -> None:
    told = (
        'retry: 2\n\n: alive\n\nevent: job\r\nid: 3\r\ndata: {"a": "\u2028x"}\r\n\r\ndata: 1\ndata: 2\n\nevent: e\n\n'
    )
    events = [("job", "3", '{"a": "\u2028x"}'.encode()), ("message", None, b"1\n2")]

    for size in (1, 2, 3, 7, 1000):
        frames = Frames()
        chunks = [told.encode()[at : at + size] for at in range(0, len(told.encode()), size)]

        assert [event for chunk in chunks for event in frames.feed(chunk)] == events


@pytest.mark.parametrize(
    ("job", "template", "name"),
    [
        (a_job({"index": 0, "kind": "image", "url": "https://a.test/x.JPG?y=1"}), "{model}/{slug}-{seed}.{ext}",
         "wavespeed-ai-flux-dev/a-fox-in-the-first-snow-7.jpg"),
        (a_job({"index": 0, "kind": "video"}, prompt="../../etc/passwd", model="../..", input={"seed": "../x"}),
         "{model}/{slug}-{seed}.{ext}", "-/etc-passwd--x.mp4"),
        (a_job({"index": 0, "kind": "image"}, prompt="\u6f22", input={}), "{slug}-{seed}.{ext}", f"{ID}-random.png"),
        (a_job({"index": 0, "kind": "image"}), "../../{slug}.{ext}", "a-fox-in-the-first-snow.png"),
        (a_job({"index": 0, "kind": "image"}), "/etc/{index}.{ext}", "etc/1.png"),
        (a_job({"index": 0, "kind": "image"}), "con", "_con"),
        (a_job({"index": 1, "kind": "image"}, {"index": 0, "kind": "image"}), "{job}.{ext}", f"{ID}-2.png"),
        (a_job({"index": 0, "kind": "image"}, prompt="word " * 40), "{slug}", "-".join(["word"] * 12)),
    ],
)  # fmt: skip
def test_files_are_named_below_their_folder(tmp_path: Path, job: JobAnswer, template: str, name: str) -> None:
    path = target(tmp_path, template, job, job.outputs[0])

    assert path.resolve().is_relative_to(tmp_path.resolve())
    assert str(path.relative_to(tmp_path)) == name


def test_a_link_does_not_lead_out_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    folder.mkdir()
    (folder / "away").symlink_to(tmp_path)

    with pytest.raises(NotSaved, match="not below"):
        target(folder, "away/{slug}", a_job({"index": 0, "kind": "image"}), OutputAnswer(index=0, kind="image"))


@pytest.mark.parametrize(
    "template", ["{prompt}.png", "{job.__class__}", "pictures/", " ", "{}", "{seed:d}", "{slug:{word}}", "{slug!x}"]
)
def test_a_template_that_cannot_be_filled_is_refused(template: str) -> None:
    with pytest.raises(ValueError, match=r"there are|must end|cannot be filled"):
        checked_template(template)


def test_what_is_no_address_of_the_web_is_not_fetched() -> None:
    for output in ({"index": 0, "kind": "image", "url": "file:///etc/passwd"}, {"index": 0, "kind": "image"}):
        with pytest.raises(NotSaved):
            source(a_job(output), OutputAnswer(**output))
    assert source(a_job(), OutputAnswer(index=0, kind="text", text="words")) == b"words"


def test_nothing_is_overwritten_and_nothing_is_left_behind(tmp_path: Path) -> None:
    wanted = tmp_path / "new" / "fox.png"

    def save(content: bytes) -> Any:
        saving = Saving.begin(wanted)
        saving.file.write(content)
        try:
            return saving.finish()
        finally:
            saving.close()

    first, same, other, again = save(b"one"), save(b"one"), save(b"two"), save(b"two")
    broken = Saving.begin(wanted)
    broken.close()

    assert first == (wanted, False, None)
    assert same == (wanted, True, None)
    assert other == (wanted.with_name("fox-2.png"), False, wanted)
    assert again == (wanted.with_name("fox-2.png"), True, None)
    assert {path.name: path.read_bytes() for path in wanted.parent.iterdir()} == {
        "fox.png": b"one",
        "fox-2.png": b"two",
    }


def test_a_callback_is_believed_only_with_its_signature() -> None:
    headers = CallbackSigner.of(SecretStr(f"{OTHER_SECRET} whsec_{SECRET}")).headers("callback-1", NOW, BODY)
    at = NOW.timestamp()

    told = verify_callback(BODY, headers, SECRET, now=at)
    assert (told.id, told.type, told.timestamp, told.data) == ("callback-1", "job.completed", NOW, {"jobId": "1"})
    assert (
        verify_callback(BODY, {name.title(): text for name, text in headers.items()}, f"whsec_{SECRET}", now=at) == told
    )

    for body, given, secret, now in (
        (BODY + b" ", headers, SECRET, at),
        (BODY, headers | {"webhook-id": "callback-2"}, SECRET, at),
        (BODY, headers | {"webhook-timestamp": str(int(at) + 1)}, SECRET, at),
        (BODY, headers, base64.b64encode(bytes(32)).decode(), at),
        (BODY, headers, SECRET, at + timedelta(minutes=6).total_seconds()),
        (BODY, headers, SECRET, at - timedelta(minutes=6).total_seconds()),
        (BODY, headers | {"webhook-signature": "v2,x v1a,y é"}, SECRET, at),
        (BODY, {}, SECRET, at),
    ):
        with pytest.raises(WrongSignature):
            verify_callback(body, given, secret, now=now)
    for secret in ("", "no base64!"):
        with pytest.raises(ValueError, match="secret"):
            verify_callback(BODY, headers, secret, now=at)


def test_the_distribution_needs_httpx_and_pydantic_alone() -> None:
    project = tomllib.loads((ROOT / "clients/python/pyproject.toml").read_text())["project"]
    code = "import sys, promptmill_client; print(*sorted({name.partition('.')[0] for name in sys.modules}))"

    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "clients/python", capture_output=True, text=True, check=True
    )

    assert [re.split(r"[><=]", each)[0] for each in project["dependencies"]] == ["httpx", "pydantic"]
    assert not {"api", "promptmill", "sql", "fastapi", "temporalio", "typer"} & {*done.stdout.split()}
    assert (ROOT / "clients/python/promptmill_client/py.typed").is_file()
