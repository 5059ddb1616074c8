"""A request to Grok as a chat completion, and the prompt in its response."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any, Final

from promptmill.contracts.errors import ProviderAnswerUnusable, ProviderError, ProviderRefused, cut
from promptmill.contracts.messages import Message
from promptmill.contracts.prompts import Variant
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

_PROMPT: Final = {"type": "string", "description": "The finished prompt, ready to use as is."}
_NEGATIVE: Final = {"type": "string", "description": "What must not be seen, as words separated by commas."}
_REFUSAL: Final = {"type": "string", "description": "Only if you decline: the reason. The prompt is then empty."}
_SCHEMA: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"prompt": _PROMPT, "refusal": _REFUSAL},
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
    variants: int = 1
    negative: bool = False

    @property
    def plain(self) -> bool:
        """Whether it asks for one prompt and nothing else."""
        return self.variants == 1 and not self.negative


class GrokAnswer(TokenUsage):
    """A written prompt.

    Attributes:
        model: The model that responded, if the request named an alias.
        variants: All that it wrote, the prompt first.
    """

    prompt: str
    model: str
    variants: tuple[Variant, ...]


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
            "json_schema": {"name": "written_prompt", "strict": True, "schema": _schema(question)},
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
    usage = read_usage(completion)
    try:
        variants = _written(answer, question, key)
    except ProviderError as error:
        error.usage = usage
        raise
    model = completion.get("model")
    return GrokAnswer(
        prompt=variants[0].prompt,
        variants=variants,
        model=storable(model)[:MODEL_CHARACTERS] if isinstance(model, str) and model else question.model,
        **usage.model_dump(),
    )


def _schema(question: GrokQuestion) -> dict[str, Any]:
    if question.plain:
        return _SCHEMA
    properties = {"prompt": _PROMPT} | ({"negativePrompt": _NEGATIVE} if question.negative else {})
    variant = {"type": "object", "properties": properties, "required": [*properties], "additionalProperties": False}
    prompts = {"type": "array", "items": variant, "minItems": question.variants}
    return {
        "type": "object",
        "properties": {"prompts": prompts, "refusal": _REFUSAL},
        "required": ["prompts"],
        "additionalProperties": False,
    }


def _written(answer: Answer, question: GrokQuestion, key: str) -> tuple[Variant, ...]:
    choice = _first_choice(answer.object)
    if choice is None:
        raise _unusable(answer, "Grok's response contains no message.")
    return _variants(answer, question, _content(answer, choice, key), key)


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


def _variants(answer: Answer, question: GrokQuestion, content: str, key: str) -> tuple[Variant, ...]:
    written = written_object(content)
    refusal = refusal_in(content if written is None else written)
    if refusal is not None:
        raise _refused(refusal, key)
    if written is None:
        raise _unusable(answer, f"Grok's response is not the requested JSON: {redact(cut(content), key)}")
    if "prompts" not in written:
        return (Variant(prompt=_prompt(answer, written.get("prompt"))),)
    found = distinct_variants(written["prompts"], question.variants)
    if not found:
        refusals = [refusal_in(entry) for entry in _objects(written["prompts"])]
        if (told := next(filter(None, refusals), None)) is not None:
            raise _refused(told, key)
        paid = ", and xAI has charged for it" if read_usage(answer.object).cost_usd else ""
        raise _unusable(answer, f"Grok's response contains no valid prompt{paid}.")
    return found


def _prompt(answer: Answer, prompt: object) -> str:
    if not isinstance(prompt, str) or is_blank(prompt := storable(prompt).strip()):
        raise _unusable(answer, "Grok's response contains no prompt.")
    if len(prompt) > PROMPT_LIMIT:
        raise _unusable(answer, f"Grok's prompt is longer than {PROMPT_LIMIT} characters.")
    return prompt


def distinct_variants(listed: object, most: int) -> tuple[Variant, ...]:
    """Return the valid ones of what Grok lists as prompts, at most so many, and each text once."""
    found: dict[str, Variant] = {}
    for entry in _objects(listed):
        if len(found) == most:
            break
        if refusal_in(entry) is None and (prompt := _text(entry.get("prompt"))):
            variant = Variant(prompt=prompt, negative_prompt=_text(entry.get("negativePrompt")))
            found.setdefault(" ".join(prompt.casefold().split()), variant)
    return tuple(found.values())


def _objects(listed: object) -> list[dict[str, Any]]:
    """Return the objects of what should be a list of them."""
    return [entry for entry in listed if isinstance(entry, dict)] if isinstance(listed, list) else []


def _text(value: object) -> str | None:
    """Return a text that can be stored and sent, or None."""
    text = storable(value).strip() if isinstance(value, str) else ""
    return text if not is_blank(text) and len(text) <= PROMPT_LIMIT else None


def _refused(words: object, key: str) -> ProviderRefused:
    return ProviderRefused(ReasonCode.GROK_REFUSED, f"Grok refused: {redact(str(words), key)}")


def _unusable(answer: Answer, message: str) -> ProviderError:
    return unless_final(answer, ProviderAnswerUnusable(ReasonCode.GROK_BAD_ANSWER, message))


def read_usage(completion: dict[str, Any]) -> TokenUsage:
    """Return what a completion says of its tokens and its cost."""
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
