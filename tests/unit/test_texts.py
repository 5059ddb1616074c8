"""Texts that show nothing are empty, whatever they consist of."""

from __future__ import annotations

import pytest

from api.schemas.jobs import CreateJob
from api.schemas.prompt_queue import EnqueuePrompt
from promptmill.contracts.texts import is_blank
from tests.unit.test_api_requests import wrong_places

INVISIBLE = [
    "",
    " \t\n",
    "\u200b\u200b",
    "\u2060\ufeff",
    "\u00ad",
    "\u202e\u202c",
    "\u3164\u115f\uffa0",
    "\u2800",
    "\ufe0f",
    "\u034f",
    "\U000e0041\U000e0101",
    "\x00\x07",
    "\u2028",
]
VISIBLE = [
    "a",
    "\u200ba\u200b",
    "🦊",
    "🏳️\u200d🌈",
    "é",
    "e\u0301",
    "\u0915\u093f",
    "。",
    "—",
    "狐",
    "\u200f\u0634",
    "\U0001fae8",
]


@pytest.mark.parametrize("text", INVISIBLE, ids=ascii)
def test_a_text_that_shows_nothing_is_blank(text: str) -> None:
    assert is_blank(text)


@pytest.mark.parametrize("text", VISIBLE, ids=ascii)
def test_a_text_that_shows_something_is_not(text: str) -> None:
    assert not is_blank(text)


@pytest.mark.parametrize("text", ["\u200b\u200b", "\u3164", "\ufeff \u2060"], ids=ascii)
def test_an_invisible_prompt_is_no_prompt(text: str) -> None:
    assert wrong_places(CreateJob, {"model": "a/b", "prompt": text}).keys() == {"/prompt"}


@pytest.mark.parametrize("text", ["\u200b\u200b", "\u3164"], ids=ascii)
def test_invisible_instructions_are_none(text: str) -> None:
    asked = {"model": "a/b", "useAiPrompt": True, "instructions": text, "targetUrl": text}

    assert wrong_places(CreateJob, asked).keys() == {"/useAiPrompt"}
    assert wrong_places(EnqueuePrompt, {"instructions": text})


def test_metadata_is_given_back_as_it_came() -> None:
    job = CreateJob.model_validate({"model": "a/b", "prompt": "a fox", "metadata": {"order": "\u200b"}})

    assert job.metadata == {"order": "\u200b"}
