"""The models that the simulator knows, from `models.json`. Retired and unknown names are not in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

RELEASED = 1_780_000_000
LONG_PROMPT = 200_000
"""Tokens of a prompt above which all prices double."""


@dataclass(frozen=True)
class Model:
    """One Grok model. Prices are in xAI's unit: a ten-thousandth of a US dollar per million tokens."""

    id: str
    aliases: tuple[str, ...]
    context: int
    prompt: int
    cached: int
    completion: int
    efforts: tuple[str, ...]
    reasoning: bool

    def cost_ticks(self, prompt_tokens: int, output_tokens: int) -> int:
        """Return what a completion costs, in xAI's ticks (1e10 are one US dollar); output includes reasoning."""
        factor = 2 if prompt_tokens > LONG_PROMPT else 1
        # A price of n means n / 1e4 dollars for 1e6 tokens, which is n ticks for one token.
        return factor * (prompt_tokens * self.prompt + output_tokens * self.completion)

    def as_model(self) -> dict[str, Any]:
        """Return the model as `GET /v1/models` lists it."""
        return {
            "id": self.id,
            "object": "model",
            "created": RELEASED,
            "owned_by": "xai",
            "aliases": list(self.aliases),
            "context_length": self.context,
            **self._prices(),
        }

    def as_language_model(self) -> dict[str, Any]:
        """Return the model as `GET /v1/language-models` lists it."""
        return {
            "id": self.id,
            "fingerprint": f"fp_{self.id}",
            "object": "model",
            "created": RELEASED,
            "owned_by": "xai",
            "version": "1.0",
            "input_modalities": ["text", "image"],
            "output_modalities": ["text"],
            "aliases": list(self.aliases),
            "search_price": 0,
            **self._prices(),
        }

    def _prices(self) -> dict[str, int]:
        return {
            "prompt_text_token_price": self.prompt,
            "cached_prompt_text_token_price": self.cached,
            "prompt_image_token_price": self.prompt,
            "completion_text_token_price": self.completion,
        }


class Catalogue:
    """The models by name and alias."""

    def __init__(self) -> None:
        text = files(__package__).joinpath("models.json").read_text(encoding="utf-8")
        self.models = [
            Model(**{**entry, "aliases": tuple(entry["aliases"]), "efforts": tuple(entry["efforts"])})
            for entry in json.loads(text)
        ]
        self._by_name = {name: model for model in self.models for name in (model.id, *model.aliases)}

    def find(self, name: str) -> Model | None:
        """Return the model with this name or alias."""
        return self._by_name.get(name)
