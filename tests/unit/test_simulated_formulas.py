"""The formulas that WaveSpeed's simulator lists are JSONata, and yield the prices that it charges."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest
from jsonata import Jsonata

from promptmill.simulators.wavespeed.catalogue import COUNTS, Model, load_models


def bodies(model: Model) -> list[dict[str, Any]]:
    """Whole bodies with every combination of what affects the price."""
    values = {
        name: schema.get("enum") or [1, 3]
        for name, schema in model.inputs.items()
        if name in {*COUNTS, "duration", model.price_by}
    }
    defaults = {name: schema["default"] for name, schema in model.inputs.items() if "default" in schema}
    return [defaults | dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]


@pytest.mark.parametrize("model", load_models().values(), ids=lambda model: model.model_id)
def test_the_formula_gives_the_price(model: Model) -> None:
    formula = Jsonata(model.as_json(0)["formula"])

    for body in bodies(model):
        told = formula.evaluate({"base_price": float(model.base_price)} | body)
        assert told["total_price"] == pytest.approx(float(model.price(body))), body


def test_prices_that_depend_on_a_choice_are_tried_with_every_choice() -> None:
    press = load_models()["simulated/poster-press/text-to-image"]

    prices = {str(press.price(body)) for body in bodies(press)}

    assert {"0.03", "0.05", "0.12", "0.36"} <= prices
