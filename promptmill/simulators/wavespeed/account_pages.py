"""The free endpoints: balance, models, price and the webhook secret."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from promptmill.simulators.front_door import Call
from promptmill.simulators.wavespeed.catalogue import Model
from promptmill.simulators.wavespeed.envelope import problem, success
from promptmill.simulators.wavespeed.webhooks import webhook_secret


@dataclass(frozen=True)
class AccountPages:
    """Serves the free endpoints."""

    models: Mapping[str, Model]

    async def balance(self, call: Call) -> Response:
        """Return the balance in US dollars."""
        return success({"balance": float(call.account.ledger.balance)})

    async def list_models(self, call: Call) -> Response:
        """List all models with the schemas of their inputs."""
        del call
        return success([model.as_json(order) for order, model in enumerate(self.models.values())])

    async def price(self, call: Call) -> Response:
        """Return what these inputs would cost; defaults are used for missing ones."""
        body = call.body if isinstance(call.body, dict) else {}
        model = self.models.get(str(body.get("model_id")))
        if model is None:
            return problem(404, "model not found")
        inputs = body.get("inputs") or {}
        if not isinstance(inputs, dict):
            return problem(400, "inputs must be an object")
        price = model.price(inputs)
        quoted = float(call.account.timing.quoted(price))
        return success(
            {"model_id": model.model_id, "price": float(price), "discounted_price": quoted, "currency": "USD"}
        )

    async def secret(self, call: Call) -> Response:
        """Return the account's webhook secret."""
        return success({"secret": webhook_secret(call.account.key)})
