"""A request to Grok as a chat completion, and the prompt in its response."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from promptmill.contracts.errors import ProviderAnswerUnusable, ProviderError, ProviderRefused, cut
from promptmill.contracts.messages import Message
from promptmill.contracts.reasons import ReasonCode
from promptmill.contracts.texts import is_blank
from promptmill.contracts.usage import TokenUsage
from promptmill.providers.grok.errors import read_failure, unless_final
from promptmill.providers.grok.writings import message_texts, refusal_in, written_object
from promptmill.providers.http.answers import Answer
from promptmill.providers.http.redaction import redact, storable

PROMPT_LIMIT: Final = 10_000
"""Maximum characters of a prompt, as for callers' own prompts."""

TICKS_PER_USD: Final = 10**10

TOKENS_LIMIT: Final = 10_000_000
"""A larger number is not a token count: the sum over a prompt job's attempts must fit its column."""

COST_LIMIT_USD: Final = 1_000
"""Amounts from here on are not the cost of one prompt, for the same reason."""

MODEL_CHARACTERS: Final = 200

_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {
        "prompt": {"type": "string", "description": "The finished prompt, ready to use as is."},
        "refusal": {"type": "string", "description": "Only if you decline: the reason. The prompt is then empty."},
    },
    "required": ["prompt"],
    "additionalProperties": False,
}

_REASONS_BY_DEFAULT = re.compile(r"grok-4\.3(-.*)?")
"""Models that reason, and cost more, unless reasoning is disabled, which 4.5 and later do not support."""


class GrokQuestion(Message):
    """One request to one model. Images in the order in which they are sent: references first, target last."""

    model: str
    system: str
    text: str
    picture_urls: tuple[str, ...] = ()


class GrokAnswer(TokenUsage):
    """A written prompt.

    Attributes:
        model: The model that responded, if the request named an alias.
    """

    prompt: str
    model: str


def compose_completion(question: GrokQuestion) -> dict[str, Any]:
    """Return the body of `POST /v1/chat/completions`: one system message, one user message, text before images."""
    content: list[dict[str, Any]] = [{"type": "text", "text": question.text}]
    content += [{"type": "image_url", "image_url": {"url": url}} for url in question.picture_urls]
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [
            {"role": "system", "content": question.system},
            {"role": "user", "content": content},
        ],
        "response_format": {
            "type": "json_schema",
            "json_schema": {"name": "written_prompt", "strict": True, "schema": _SCHEMA},
        },
    }
    if _REASONS_BY_DEFAULT.fullmatch(question.model):
        body["reasoning_effort"] = "none"
    return body


def read_completion(answer: Answer, question: GrokQuestion, key: str) -> GrokAnswer:
    """Return the prompt in a response.

    Raises:
        ProviderError: Any of its subclasses that `GrokClient.write` names; with `usage` if xAI charged for a response
            without a prompt.
    """
    completion = answer.object
    if not answer.ok or ("choices" not in completion and completion.get("error")):
        raise read_failure(answer, key)
    usage = _usage(completion)
    try:
        prompt = _written(answer, key)
    except ProviderError as error:
        error.usage = usage
        raise
    model = completion.get("model")
    return GrokAnswer(
        prompt=prompt,
        model=storable(model)[:MODEL_CHARACTERS] if isinstance(model, str) and model else question.model,
        **usage.model_dump(),
    )


def _written(answer: Answer, key: str) -> str:
    choice = _first_choice(answer.object)
    if choice is None:
        raise _unusable(answer, "Grok's response contains no message.")
    return _prompt(answer, _content(answer, choice, key), key)


def _first_choice(completion: dict[str, Any]) -> dict[str, Any] | None:
    match completion.get("choices"):
        case [{"message": dict()} as choice, *_]:
            return dict(choice)
    return None


def _content(answer: Answer, choice: dict[str, Any], key: str) -> str:
    """Return what Grok wrote, verbatim.

    Raises:
        ProviderRefused, ProviderAnswerUnusable: It wrote nothing, was cut off, or refused.
    """
    message, finish = choice["message"], choice.get("finish_reason")
    content, refusal = message_texts(message.get("content"))
    refusal = message.get("refusal") or refusal
    if refusal or finish == "content_filter":
        raise _refused(refusal or "its content filter stopped the response", key)
    if finish == "length":
        raise _unusable(answer, "Grok's response was truncated at its maximum length.")
    if is_blank(content):
        raise _unusable(answer, "Grok's response is empty.")
    return content


def _prompt(answer: Answer, content: str, key: str) -> str:
    written = written_object(content)
    refusal = refusal_in(content if written is None else written)
    if refusal is not None:
        raise _refused(refusal, key)
    if written is None:
        raise _unusable(answer, f"Grok's response is not the requested JSON: {redact(cut(content), key)}")
    prompt = written.get("prompt")
    if not isinstance(prompt, str) or is_blank(prompt := storable(prompt).strip()):
        raise _unusable(answer, "Grok's response contains no prompt.")
    if len(prompt) > PROMPT_LIMIT:
        raise _unusable(answer, f"Grok's prompt is longer than {PROMPT_LIMIT} characters.")
    return prompt


def _refused(words: object, key: str) -> ProviderRefused:
    return ProviderRefused(ReasonCode.GROK_REFUSED, f"Grok refused: {redact(str(words), key)}")


def _unusable(answer: Answer, message: str) -> ProviderError:
    return unless_final(answer, ProviderAnswerUnusable(ReasonCode.GROK_BAD_ANSWER, message))


def _usage(completion: dict[str, Any]) -> TokenUsage:
    usage = completion.get("usage")
    tokens = usage if isinstance(usage, dict) else {}
    return TokenUsage(
        input_tokens=_count(tokens.get("prompt_tokens")), output_tokens=_output_tokens(tokens), cost_usd=_cost(tokens)
    )


def _count(value: object, limit: int = TOKENS_LIMIT) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= limit else None


def _output_tokens(usage: dict[str, Any]) -> int | None:
    """Add reasoning to completion: xAI does not count it in `completion_tokens`, but bills it."""
    completion = _count(usage.get("completion_tokens"))
    details = usage.get("completion_tokens_details")
    reasoning = _count(details.get("reasoning_tokens")) if isinstance(details, dict) else None
    return None if completion is None else completion + (reasoning or 0)


def _cost(usage: dict[str, Any]) -> Decimal | None:
    ticks = _count(usage.get("cost_in_usd_ticks"), COST_LIMIT_USD * TICKS_PER_USD)
    return None if ticks is None else Decimal(ticks) / TICKS_PER_USD
