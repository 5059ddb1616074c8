"""Assembles Grok's simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response

from promptmill.simulators.accounts import BLOCKED_KEY, Account, Accounts, Timing
from promptmill.simulators.control import Control
from promptmill.simulators.front_door import Call, FrontDoor
from promptmill.simulators.grok.catalogue import Catalogue
from promptmill.simulators.grok.chat import Chat
from promptmill.simulators.grok.refusals import TEAM, GrokManners, refusal

PLACES = frozenset({"chat", "models", "api-key"})
NOT_SIMULATED = (
    ("/v1/responses", "POST"),
    ("/v1/responses/{rest:path}", "GET"),
    ("/v1/responses/{rest:path}", "DELETE"),
    ("/v1/responses/compact", "POST"),
    ("/v1/chat/deferred-completion/{id}", "GET"),
    ("/v1/batches", "POST"),
    ("/v1/batches", "GET"),
    ("/v1/batches/{rest:path}", "POST"),
    ("/v1/batches/{rest:path}", "GET"),
    ("/v1/tokenize-text", "POST"),
    ("/v1/completions", "POST"),
    ("/v1/images/generations", "POST"),
)
"""Paths that xAI offers and Promptmill does not use."""


@dataclass(frozen=True)
class KeyPages:
    """Serves the free endpoints: the models and the key itself."""

    catalogue: Catalogue

    async def models(self, call: Call) -> Response:
        """List the models."""
        del call
        return JSONResponse({"object": "list", "data": [model.as_model() for model in self.catalogue.models]})

    async def language_models(self, call: Call) -> Response:
        """List the language models with modalities and prices."""
        del call
        return JSONResponse({"models": [model.as_language_model() for model in self.catalogue.models]})

    async def language_model(self, call: Call) -> Response:
        """Show one language model."""
        model = self.catalogue.find(call.request.path_params["id"])
        return JSONResponse(model.as_language_model()) if model else refusal(404)

    async def api_key(self, call: Call) -> Response:
        """Describe the key; a blocked one gets 200 too, with flags that say so."""
        key = call.account.key
        blocked = key.startswith(BLOCKED_KEY)
        return JSONResponse(
            {
                "redacted_api_key": f"xai-...{key[-4:]}",
                "user_id": TEAM,
                "name": "simulated",
                "create_time": "2026-01-01T00:00:00Z",
                "modify_time": "2026-01-01T00:00:00Z",
                "modified_by": TEAM,
                "team_id": TEAM,
                "acls": ["api-key:model:*", "api-key:endpoint:*"],
                "api_key_id": TEAM,
                "team_blocked": False,
                "api_key_blocked": blocked,
                "api_key_disabled": blocked,
            }
        )


def create_grok_app(timing: Timing) -> Starlette:
    """Return Grok's simulator as an ASGI application; serve it with `open_simulator`, which can cut connections.

    Args:
        timing: How long a completion takes on a new account.
    """
    accounts, catalogue = Accounts(timing), Catalogue()
    door = FrontDoor(accounts, GrokManners())
    pages = KeyPages(catalogue)
    control = Control("Grok", accounts, PLACES, details=_details)
    routes = [
        control.mount(),
        door.route("/v1/chat/completions", Chat(catalogue).complete, "chat", method="POST"),
        door.route("/v1/models", pages.models, "models"),
        door.route("/v1/language-models", pages.language_models, "models"),
        door.route("/v1/language-models/{id}", pages.language_model, "models"),
        door.route("/v1/api-key", pages.api_key, "api-key"),
        *(door.route(path, _not_simulated, "legacy", method=method) for path, method in NOT_SIMULATED),
    ]
    return Starlette(routes=routes)


def _details(account: Account) -> Mapping[str, Any]:
    del account  # everything is in the account itself
    return {}


async def _not_simulated(call: Call) -> Response:
    return refusal(501, f"{call.request.method} {call.request.url.path} is not simulated.")
