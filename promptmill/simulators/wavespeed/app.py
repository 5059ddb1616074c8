"""Assembles WaveSpeed's simulator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from promptmill.simulators.accounts import Account, Accounts, Timing
from promptmill.simulators.control import Control
from promptmill.simulators.front_door import Call, FrontDoor
from promptmill.simulators.wavespeed.account_pages import AccountPages
from promptmill.simulators.wavespeed.billing import Billing
from promptmill.simulators.wavespeed.bookkeeping import Books
from promptmill.simulators.wavespeed.catalogue import load_models
from promptmill.simulators.wavespeed.deleting import Deleting
from promptmill.simulators.wavespeed.envelope import WaveSpeedManners, problem
from promptmill.simulators.wavespeed.journal import Journal
from promptmill.simulators.wavespeed.outputs import Outputs
from promptmill.simulators.wavespeed.predictions import Ending, Prediction, Predictions
from promptmill.simulators.wavespeed.reading import Reading
from promptmill.simulators.wavespeed.submitting import Submitting
from promptmill.simulators.wavespeed.uploads import Uploads
from promptmill.simulators.wavespeed.webhooks import WebhookSender

PLACES = frozenset(
    {"submit", "result", "history", "balance", "models", "price", "secret", "billing", "upload", "webhook", "delete"}
)
NOT_SIMULATED = (
    ("/api/v3/predictions/{id}", "DELETE"),
    ("/api/v3/account/balance", "GET"),
    ("/api/v3/model/pricing", "POST"),
    ("/api/v3/user/usage_stats", "POST"),
    ("/api/v3/media/upload/binary", "POST"),
    ("/api/v3/upload", "POST"),
    ("/api/v2/{rest:path}", "GET"),
    ("/api/v2/{rest:path}", "POST"),
)
"""Paths that WaveSpeed offers and Promptmill does not use."""


class _EndingQuestion(BaseModel):
    model_config = ConfigDict(extra="forbid")

    status: str = "completed"
    code: int | None = None
    error: str = ""
    nsfw: bool = False


class WaveSpeedSimulator:
    """All parts of the simulator and its routes."""

    def __init__(self, timing: Timing, journal: Path | None) -> None:
        self._accounts = Accounts(timing)
        self._predictions = Predictions()
        self._books = Books(self._accounts, self._predictions, Journal(journal))
        self._webhooks = WebhookSender()
        self._models = load_models()
        self._books.restore()

    def routes(self) -> list[BaseRoute]:
        """Return every route, fixed paths before the models' own."""
        door = FrontDoor(self._accounts, WaveSpeedManners())
        reading, pages, uploads = Reading(self._predictions), AccountPages(self._models), Uploads()
        outputs = Outputs(self._models, self._predictions)
        submitting = Submitting(self._models, self._books, self._webhooks)
        return [
            self._control().mount(),
            *(door.route(path, _not_simulated, "legacy", method=method) for path, method in NOT_SIMULATED),
            door.route("/api/v3/predictions/delete", Deleting(self._books).delete, "delete", method="POST"),
            door.route("/api/v3/predictions/{id}/result", reading.result, "result"),
            door.route("/api/v3/predictions/{id}", reading.result, "result"),
            door.route("/api/v3/predictions", reading.history, "history", method="POST"),
            door.route("/api/v3/balance", pages.balance, "balance"),
            door.route("/api/v3/models", pages.list_models, "models"),
            door.route("/api/v3/model/price", pages.price, "price", method="POST"),
            door.route("/api/v3/webhook/secret", pages.secret, "secret"),
            door.route("/api/v3/billings/search", Billing(self._predictions).search, "billing", method="POST"),
            door.route("/api/v3/media/uploads", uploads.ticket, "upload", method="POST"),
            Route("/upload/{token}", uploads.put, methods=["PUT"]),
            Route("/files/{token}/{filename}", uploads.get),
            Route("/output/{name}", outputs.get),
            door.route("/api/v3/{model:path}", submitting.submit, "submit", method="POST"),
        ]

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        """Stop sending webhooks on shutdown."""
        yield
        await self._webhooks.close()

    def _control(self) -> Control:
        end = Route("/accounts/{key}/predictions/{id}", self._end, methods=["PUT"])
        return Control("WaveSpeed", self._accounts, PLACES, details=self._details, extra=(end,))

    def _details(self, account: Account) -> Mapping[str, Any]:
        predictions = [_shown(prediction) for prediction in reversed(self._predictions.of(account.key))]
        return {"predictions": predictions, "deliveries": self._webhooks.deliveries(account.key)}

    async def _end(self, request: Request) -> Response:
        """End a prediction now."""
        key = request.path_params["key"]
        prediction = self._predictions.find(request.path_params["id"], key)
        if prediction is None:
            return problem(404)
        try:
            asked = _EndingQuestion.model_validate_json(await request.body() or b"{}")
        except ValidationError as error:
            return JSONResponse({"detail": str(error)}, 422)
        self._books.end(prediction, Ending(asked.status, asked.code, asked.error, asked.nsfw))
        self._webhooks.announce_end(self._accounts.of(key), prediction, str(request.base_url).rstrip("/"))
        return JSONResponse(_shown(prediction))


def create_wavespeed_app(timing: Timing, *, journal: Path | None = None) -> Starlette:
    """Return WaveSpeed's simulator as an ASGI application; serve it with `open_simulator`, which can cut connections.

    Args:
        timing: How long predictions take on a new account.
        journal: File in which predictions are persisted.
    """
    simulator = WaveSpeedSimulator(timing, journal)
    return Starlette(routes=simulator.routes(), lifespan=simulator.lifespan)


async def _not_simulated(call: Call) -> Response:
    return problem(501, f"{call.request.method} {call.request.url.path} is not simulated")


def _shown(prediction: Prediction) -> dict[str, Any]:
    return {
        "id": prediction.id,
        "model": prediction.model,
        "status": prediction.status(),
        "inputs": prediction.inputs,
        "created_at": prediction.created_at,
        "hidden": prediction.hidden,
        "webhook": prediction.webhook,
    }
