"""A request to Grok as a chat completion, and the prompt in its response."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any, Final

from promptmill.contracts.errors import ProviderAnswerUnusable, ProviderError, ProviderRefused
from promptmill.contracts.messages import Message
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.grok.errors import read_failure, unless_final
from promptmill.providers.http.answers import Answer
from promptmill.providers.http.redaction import redact, storable

PROMPT_LIMIT: Final = 10_000
"""Characters of a prompt, as for the callers' own."""

TICKS_PER_USD: Final = 10**10

_SCHEMA: Final = {
    "type": "object",
    "properties": {"prompt": {"type": "string", "description": "The finished prompt, ready to use as is."}},
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


class GrokAnswer(Message):
    """A written prompt.

    Attributes:
        model: The model that answered, which an alias may have stood for.
        output_tokens: Everything billed as output: completion and reasoning.
        cost_usd: As reported by xAI; None if it was not.
    """

    prompt: str
    model: str
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost_usd: Decimal | None = None


def compose_completion(question: GrokQuestion) -> dict[str, Any]:
    """Return the body of `POST /v1/chat/completions`: one system message, one user message, text before pictures."""
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
        ProviderError: Any of its subclasses that `GrokClient.write` names.
    """
    completion = answer.object
    if not answer.ok or ("choices" not in completion and completion.get("error")):
        raise read_failure(answer, key)
    choice = _first_choice(completion)
    if choice is None:
        raise _unusable(answer, "Grok's response contains no message.")
    usage = completion.get("usage")
    tokens = usage if isinstance(usage, dict) else {}
    model = completion.get("model")
    return GrokAnswer(
        prompt=_prompt(answer, choice, key),
        model=storable(model) if isinstance(model, str) and model else question.model,
        input_tokens=_count(tokens.get("prompt_tokens")),
        output_tokens=_output_tokens(tokens),
        cost_usd=_cost(tokens),
    )


def _first_choice(completion: dict[str, Any]) -> dict[str, Any] | None:
    match completion.get("choices"):
        case [{"message": dict()} as choice, *_]:
            return dict(choice)
    return None


def _prompt(answer: Answer, choice: dict[str, Any], key: str) -> str:
    message, finish = choice["message"], choice.get("finish_reason")
    refusal = message.get("refusal")
    if refusal or finish == "content_filter":
        words = redact(str(refusal or "its content filter stopped the response"), key)
        raise ProviderRefused(ReasonCode.GROK_REFUSED, f"Grok refused: {words}")
    if finish == "length":
        raise _unusable(answer, "Grok's response was truncated at its maximum length.")
    content = message.get("content")
    if not isinstance(content, str) or not content.strip():
        raise _unusable(answer, "Grok's response is empty.")
    try:
        written = json.loads(content)
    except (ValueError, RecursionError):
        raise _unusable(answer, f"Grok's response is not the requested JSON: {redact(content, key)}") from None
    prompt = written.get("prompt") if isinstance(written, dict) else None
    if not isinstance(prompt, str) or not (prompt := storable(prompt).strip()):
        raise _unusable(answer, "Grok's response contains no prompt.")
    if len(prompt) > PROMPT_LIMIT:
        raise _unusable(answer, f"Grok's prompt is longer than {PROMPT_LIMIT} characters.")
    return prompt


def _unusable(answer: Answer, message: str) -> ProviderError:
    return unless_final(answer, ProviderAnswerUnusable(ReasonCode.GROK_BAD_ANSWER, message))


def _count(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _output_tokens(usage: dict[str, Any]) -> int | None:
    """Add reasoning to completion: xAI counts it outside `completion_tokens` and bills it all the same."""
    completion = _count(usage.get("completion_tokens"))
    details = usage.get("completion_tokens_details")
    reasoning = _count(details.get("reasoning_tokens")) if isinstance(details, dict) else None
    return None if completion is None else completion + (reasoning or 0)


def _cost(usage: dict[str, Any]) -> Decimal | None:
    ticks = _count(usage.get("cost_in_usd_ticks"))
    return None if ticks is None else Decimal(ticks) / TICKS_PER_USD
