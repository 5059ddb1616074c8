"""Providers' responses, read defensively: whatever arrives, only our own errors are raised."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from promptmill.contracts.errors import ProviderError, ProviderRateLimited, ProviderRefused, SubmitUnclear
from promptmill.providers.grok.completions import GrokQuestion, read_completion
from promptmill.providers.http.answers import Answer
from promptmill.providers.http.redaction import redact, storable
from promptmill.providers.wavespeed.answers import read_submission

KEY = "a-very-secret-key"
SHARED_MACHINE = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
QUESTION = GrokQuestion(model="grok-4.3", system="s", text="t")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"message": "no", "code": 400}, "no"),
        ({"error": "no", "code": "not-found"}, "no; not-found"),
        ({"error": {"message": "no", "code": "x"}}, "no; x"),
        ({"detail": "no"}, "no"),
        ({"detail": [{"loc": ["body"], "msg": "field required"}]}, "field required"),
        ({"errors": ["one", {"message": "two"}]}, "one; two"),
        ({"message": "role", "error_code": "E7"}, "role; E7"),
        ({"message": "same", "error": "same"}, "same"),
        ({"code": 200, "data": {"error": "inner"}}, "inner"),
        ({"data": 7}, ""),
        ([], ""),
        ("just text", "just text"),
    ],
)
def test_words_are_found_wherever_an_error_keeps_them(body: Any, words: str) -> None:
    assert Answer(400, body=json.dumps(body).encode()).words == words


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html><head><title>502 Bad\n Gateway &amp; co</title></head><h1>x</h1>", "502 Bad Gateway & co"),
        (b"<html><h1>no title</h1>", ""),
        (b"404 page not found\n", "404 page not found"),
        (b"\xff\xfe", "\ufffd\ufffd"),
        (b"", ""),
    ],
)
def test_a_body_that_is_no_json_gives_its_title_or_its_text(body: bytes, words: str) -> None:
    assert Answer(502, body=body).words == words


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("see https://h/p.png?X-Sig=a&b=c, please", "see https://h/p.png?… please"),
        ("see /p.png?token=a", "see /p.png?…"),
        ("https://user:pass@host/x", "https://host/x"),
        (f"your key {KEY} is bad", "your key [key] is bad"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer [key]"),
        ("got data:image/png;base64,AAAA== here", "got data:… here"),
        ("why? because", "why? because"),
        ("", ""),
    ],
)
def test_secrets_and_signed_addresses_are_left_out(text: str, redacted: str) -> None:
    assert redact(text, KEY) == redacted


@SHARED_MACHINE
@given(st.text(), st.text())
def test_the_key_never_survives(before: str, after: str) -> None:
    assert KEY not in redact(f"{before}{KEY}{after}", KEY)


@SHARED_MACHINE
@given(st.text(alphabet=st.characters()))
def test_storable_text_can_be_stored(text: str) -> None:
    assert "\x00" not in storable(text)
    storable(text).encode()


STATUSES = st.integers(100, 599)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
JSON = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(
                ["code", "message", "data", "id", "error", "choices", "usage", "content", "refusal", "finish_reason"]
            ),
            inner,
            max_size=5,
        )
    ),
    max_leaves=15,
)
BODIES = st.binary() | JSON.map(lambda value: json.dumps(value).encode())


@SHARED_MACHINE
@given(STATUSES, BODIES, st.none() | st.text())
def test_a_submissions_answer_is_an_id_or_one_of_three_errors(status: int, body: bytes, broken: str | None) -> None:
    seen: type[ProviderError] | None
    try:
        found = read_submission(Answer(status, body=body, broken=broken), KEY)
    except (ProviderRateLimited, ProviderRefused, SubmitUnclear) as error:
        found, seen = "", type(error)
    else:
        seen = None

    assert found == found.strip()
    assert (found == "") == (seen is not None)
    assert broken is None or seen in (None, SubmitUnclear)


@SHARED_MACHINE
@given(STATUSES, BODIES)
def test_groks_answer_is_a_prompt_or_a_provider_error(status: int, body: bytes) -> None:
    reason = "grok_bad_answer"
    try:
        prompt = read_completion(Answer(status, body=body), QUESTION, KEY).prompt
    except ProviderError as error:
        prompt, reason = "", error.reason_code.value

    assert prompt or reason.startswith("grok_")
    assert len(prompt) <= 10_000
