"""`POST /v1/chat/completions`: writes, counts tokens and charges."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from starlette.responses import JSONResponse, Response

from promptmill.simulators.clock import now
from promptmill.simulators.faults import Fault
from promptmill.simulators.front_door import Call
from promptmill.simulators.grok.catalogue import Catalogue, Model
from promptmill.simulators.grok.checks import address, parts, refuse_for_model, refuse_pictures, refuse_request
from promptmill.simulators.grok.eyes import seen
from promptmill.simulators.grok.refusals import NO_CREDIT, TEAM, refusal
from promptmill.simulators.grok.writing import fill, user_text, write_prompt

CHARACTERS_PER_TOKEN = 4
PICTURE_TOKENS = 256
REASONING_TOKENS = 94
TICKS_PER_DOLLAR = 10**10
REFUSAL = "I can't help with that request."
HUGE_USAGE = {"prompt_tokens": 3_000_000_000, "completion_tokens": 3_000_000_000, "cost_in_usd_ticks": 10**34}
"""Larger than any column for such a number; the account is charged as usual."""


@dataclass(frozen=True)
class _Written:
    """The model's output: its text, whole or in parts, its finish reason, and a refusal instead of a text."""

    content: str | list[dict[str, str]] | None
    finish_reason: str = "stop"
    refusal: str | None = None


@dataclass(frozen=True)
class Chat:
    """Completes chats."""

    catalogue: Catalogue

    async def complete(self, call: Call) -> Response:
        """Serve one completion and charge for it, or refuse."""
        early = refuse_request(call.request, call.body)
        if early is not None:
            return early
        model = self.catalogue.find(call.body["model"])
        if model is None:
            return _unknown_model(call.body["model"])
        refused = refuse_for_model(call.body, model) or refuse_pictures(call.body)
        if refused is None and call.account.ledger.balance <= 0:
            refused = refusal(429, NO_CREDIT)
        if refused is not None:
            return refused
        completion_id = _uuid()
        await asyncio.sleep(call.account.timing.draw(completion_id))
        return self._write(call, model, completion_id)

    def _write(self, call: Call, model: Model, completion_id: str) -> Response:
        fault = call.content_fault()
        written = _spoiled(_content(call.body), fault)
        usage = _usage(call.body, model, written)
        usd = Decimal(usage["cost_in_usd_ticks"]) / TICKS_PER_DOLLAR
        call.account.ledger.charge(completion_id, model.id, usd, now())
        if fault is not None and fault.kind == "huge_usage":
            usage |= HUGE_USAGE
        message = {"role": "assistant", "content": written.content, "refusal": written.refusal}
        return JSONResponse(
            {
                "id": completion_id,
                "object": "chat.completion",
                "created": int(now()),
                "model": model.id,
                "choices": [{"index": 0, "message": message, "finish_reason": written.finish_reason}],
                "usage": usage,
                "system_fingerprint": f"fp_{model.id}",
            }
        )


def _unknown_model(name: str) -> Response:
    words = f"The model {name} does not exist or your team {TEAM} does not have access to it."
    return refusal(404, f"{words} Please ensure you're using the correct API key.")


def _content(body: dict[str, Any]) -> str:
    pictures = [seen(address(part)) for part in parts(body) if part.get("type") == "image_url"]
    write = partial(write_prompt, user_text(body["messages"]), pictures)
    wanted = body.get("response_format") or {}
    if wanted.get("type") == "json_schema":
        return json.dumps(fill(wanted["json_schema"]["schema"], write), ensure_ascii=False)
    return json.dumps({"prompt": write()}, ensure_ascii=False) if wanted.get("type") == "json_object" else write()


def _spoiled(content: str, fault: Fault | None) -> _Written:
    if fault is not None and fault.kind == "refusal":
        return _Written(None, refusal=fault.message or REFUSAL)
    spoil = _SPOILERS.get(fault.kind) if fault is not None else None
    return spoil(content) if spoil is not None else _Written(content)


def _in_parts(content: str) -> _Written:
    half = len(content) // 2
    return _Written([{"type": "text", "text": text} for text in (content[:half], content[half:])])


def _each_variant(content: str, change: Callable[[Any, Any], Any]) -> str:
    """Change each prompt of an answer that lists several, with the first one at hand; another answer stays."""
    if not content.startswith('{"prompts"'):
        return content
    written = json.loads(content)
    prompts = written["prompts"]
    return json.dumps(written | {"prompts": [change(one, prompts[0]) for one in prompts]})


_SPOILERS: Mapping[str, Callable[[str], _Written]] = {
    "invalid_json": lambda content: _Written("The prompt is: " + content.replace("{", "(")),
    "cut_json": lambda content: _Written(content[: len(content) // 2], "length"),
    "empty_content": lambda _: _Written(""),
    "refusal_in_json": lambda _: _Written(json.dumps({"prompt": "", "refusal": REFUSAL})),
    "refusal_as_prompt": lambda _: _Written(json.dumps({"prompt": "I'm sorry, but I can't assist with that."})),
    "fenced": lambda content: _Written(f"```json\n{content}\n```"),
    "wordy": lambda content: _Written(f"Here is the prompt:\n{content}\nTell me if you want another one."),
    "parts": _in_parts,
    "same_variants": lambda content: _Written(_each_variant(content, lambda _, first: first)),
    "empty_variants": lambda content: _Written(_each_variant(content, lambda one, _: one | {"prompt": ""})),
}
"""How each fault changes a text."""


def _usage(body: dict[str, Any], model: Model, written: _Written) -> dict[str, Any]:
    all_parts = list(parts(body))
    characters = sum(len(part.get("text") or "") for part in all_parts)
    text_tokens = max(1, characters // CHARACTERS_PER_TOKEN)
    image_tokens = PICTURE_TOKENS * sum(part.get("type") == "image_url" for part in all_parts)
    completion_tokens = max(1, len(written.content or written.refusal or "") // CHARACTERS_PER_TOKEN)
    # Reasoning is not counted in completion_tokens, but in the total and the cost.
    reasons = model.reasoning and body.get("reasoning_effort") != "none"
    reasoning_tokens = REASONING_TOKENS if reasons else 0
    prompt_tokens = text_tokens + image_tokens
    return {
        "prompt_tokens": prompt_tokens,
        "completion_tokens": completion_tokens,
        "total_tokens": prompt_tokens + completion_tokens + reasoning_tokens,
        "prompt_tokens_details": {
            "text_tokens": text_tokens,
            "audio_tokens": 0,
            "image_tokens": image_tokens,
            "cached_tokens": 0,
        },
        "completion_tokens_details": {
            "reasoning_tokens": reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "num_sources_used": 0,
        "cost_in_usd_ticks": model.cost_ticks(prompt_tokens, completion_tokens + reasoning_tokens),
    }


def _uuid() -> str:
    raw = secrets.token_hex(16)
    return "-".join((raw[:8], raw[8:12], raw[12:16], raw[16:20], raw[20:]))
