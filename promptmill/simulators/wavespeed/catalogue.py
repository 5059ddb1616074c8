"""The models that the simulator knows: their inputs and prices, from `models.json`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from importlib.resources import files
from typing import Any

COUNTS = ("max_images", "num_images")
"""Inputs that set the number of images."""


@dataclass(frozen=True)
class Model:
    """One WaveSpeed model; `inputs` is the JSON schema of its body's properties, prices are in US dollars."""

    model_id: str
    kind: str
    base_price: Decimal
    inputs: Mapping[str, Mapping[str, Any]]
    required: tuple[str, ...]
    per_seconds: int | None = None
    price_by: str | None = None
    prices: Mapping[str, Decimal] | None = None
    name: str | None = None
    description: str | None = None

    @property
    def is_video(self) -> bool:
        """Whether it generates videos."""
        return self.kind.endswith("video")

    def value(self, inputs: Mapping[str, Any], name: str) -> Any:
        """Return an input's value, or its default."""
        given = inputs.get(name)
        return self.inputs.get(name, {}).get("default") if given is None else given

    def count(self, inputs: Mapping[str, Any]) -> int:
        """Return the number of outputs for these inputs."""
        asked = [self.value(inputs, name) for name in COUNTS if name in self.inputs]
        return max([1, *(number for number in asked if isinstance(number, int))])

    def price(self, inputs: Mapping[str, Any]) -> Decimal:
        """Return the price of these inputs. Defaults are used for missing ones, so it may be too low."""
        price = self.base_price
        if self.prices and self.price_by:
            price = self.prices.get(str(self.value(inputs, self.price_by)), price)
        seconds = self.value(inputs, "duration")
        if self.per_seconds and isinstance(seconds, int):
            price = price * seconds / self.per_seconds
        return price * self.count(inputs)

    def as_json(self, order: int) -> dict[str, Any]:
        """Return the model as `GET /api/v3/models` lists it."""
        schema = {
            "type": "object",
            "properties": self.inputs,
            "required": list(self.required),
            "x-order-properties": list(self.inputs),
        }
        run = {
            "type": "model_run",
            "method": "POST",
            "server": "https://api.wavespeed.ai",
            "api_path": f"/api/v3/{self.model_id}",
            "request_schema": schema,
        }
        return {
            "model_id": self.model_id,
            "name": self.name or self.model_id,
            "description": self.description or f"Simulated {self.kind} model.",
            "type": self.kind,
            "base_price": float(self.base_price),
            "sort_order": order,
            "formula": self._formula(),
            "api_schema": {"api_schemas": [run]},
        }

    def _formula(self) -> str:
        """Return the formula of `price` as WaveSpeed publishes it: JSONata over `base_price` and all inputs."""
        factors = [self._unit_formula()]
        if self.per_seconds:
            factors.append(f"duration / {self.per_seconds}")
        factors += [name for name in COUNTS if name in self.inputs]
        return '{"total_price": ' + " * ".join(factors) + "}"

    def _unit_formula(self) -> str:
        if not (self.prices and self.price_by):
            return "base_price"
        table = json.dumps({value: float(price) for value, price in self.prices.items()})
        return f"($unit := $lookup({table}, {self.price_by}); $exists($unit) ? $unit : base_price)"


def load_models() -> dict[str, Model]:
    """Read the catalogue, keyed by model id."""
    text = files(__package__).joinpath("models.json").read_text(encoding="utf-8")
    catalogue = json.loads(text)
    shared = catalogue["inputs"]
    return {entry["model_id"]: _model(entry, shared) for entry in catalogue["models"]}


def _model(entry: dict[str, Any], shared: dict[str, dict[str, Any]]) -> Model:
    inputs = {name: {**shared[name], **own} for name, own in entry["inputs"].items()}
    prices = entry.get("prices")
    return Model(
        model_id=entry["model_id"],
        kind=entry["type"],
        base_price=Decimal(entry["base_price"]),
        inputs=inputs,
        required=tuple(entry["required"]),
        per_seconds=entry.get("per_seconds"),
        price_by=entry.get("price_by"),
        prices={name: Decimal(price) for name, price in prices.items()} if prices else None,
        name=entry.get("name"),
        description=entry.get("description"),
    )
