"""WaveSpeed's unpaid calls: balance, webhook secret, model list, price estimates, and what was billed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any, Final

import httpx
from pydantic import SecretStr

from promptmill.calls import provider_call
from promptmill.contracts.bills import Bill, Quote
from promptmill.contracts.catalogue import ListedModel
from promptmill.contracts.errors import ProviderError, ProviderRefused, ProviderUnavailable
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import BODY_LIMIT, Answer
from promptmill.providers.http.connections import fingerprint, key_problem, open_connection, plain_key
from promptmill.providers.wavespeed.answers import PROVIDER, amount_in, codes, data, price_in, read_failure, refusal
from promptmill.providers.wavespeed.billing import read_bills
from promptmill.providers.wavespeed.models import read_models
from promptmill.providers.wavespeed.unpaid import BASE_VARIABLE, KEY_VARIABLE, ask_unpaid

PRICE_SECONDS: Final = 3.0
"""Timeout of a price request: the price is informational, so a job does not wait longer."""

BALANCE_SECONDS: Final = 10.0
SECRET_SECONDS: Final = 10.0
BILLS_SECONDS: Final = 10.0
"""Timeout of one page of billing entries."""

MODELS_SECONDS: Final = 60.0
MODELS_BYTES: Final = 32 * 1024 * 1024
"""Maximum size of the model list: about a thousand models with their schemas are several megabytes."""

_KEY_REFUSED: Final = frozenset({401, 403})
_OK: Final = 200


class WaveSpeedAccount:
    """Makes WaveSpeed's unpaid calls. The API may use it.

    Attributes:
        base: Base URL of WaveSpeed's API, without a trailing slash.
        key_fingerprint: As `WaveSpeedClient` has it.
    """

    def __init__(self, http: httpx.AsyncClient, *, base: str, api_key: SecretStr | None) -> None:
        """Take a client and the base URL."""
        self._http = http
        self.base = base.rstrip("/")
        self._key = plain_key(api_key)
        self.key_fingerprint = fingerprint(api_key)

    @property
    def has_key(self) -> bool:
        """Whether there is a key; only WaveSpeed can say whether it is valid."""
        return bool(self._key)

    async def balance(self) -> Decimal:
        """Return the account's balance in USD. The simplest test of a key.

        Raises:
            ProviderRefused: The key is missing, or WaveSpeed rejects it.
            ProviderUnavailable: WaveSpeed did not respond, or with something unexpected.
        """
        with provider_call("wavespeed", "balance"):
            answer = await self._ask("GET", "balance", None, BALANCE_SECONDS)
            self._refuse_bad_key(answer)
            amount = amount_in(data(answer).get("balance"))
            if codes(answer) != {_OK} or amount is None:
                raise read_failure(answer, self._key)
            return amount

    async def offer(self, model: str, inputs: Mapping[str, Any]) -> Quote | None:
        """Return what a submission with exactly these inputs would cost; None if unavailable.

        If inputs are omitted, the price is too low (the model's base price).
        """
        try:
            return await self.quote(model, inputs)
        except (ProviderError, TypeError, ValueError):
            return None

    async def quote(self, model: str, inputs: Mapping[str, Any]) -> Quote:
        """Return the price that `offer` returns, or raise the reason why it is unavailable.

        Raises:
            ProviderRefused: The key is missing or rejected, or WaveSpeed does not accept this model or these inputs.
            ProviderUnavailable: WaveSpeed did not respond in time, or with something other than a price.
            TypeError, ValueError: The inputs cannot be serialised as JSON.
        """
        with provider_call("wavespeed", "price"):
            return await self._priced(model, inputs)

    async def _priced(self, model: str, inputs: Mapping[str, Any]) -> Quote:
        answer = await self._ask("POST", "model/price", {"model_id": model, "inputs": dict(inputs)}, PRICE_SECONDS)
        if codes(answer) != {_OK}:
            reason = refusal(answer)
            if reason is not None:
                raise ProviderRefused(reason, answer.sentence(PROVIDER, self._key))
            raise read_failure(answer, self._key)
        found = data(answer)
        discounted, listed = found.get("discounted_price"), price_in(found.get("price"))
        price = listed if amount_in(discounted) is None else price_in(discounted)
        if price is None:
            raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, f"{PROVIDER} returned no price.")
        return Quote(usd=price, list_usd=listed if listed is not None and listed > price else None)

    async def models(self) -> tuple[ListedModel, ...]:
        """Return WaveSpeed's list of models with their inputs; at least one.

        Raises:
            ProviderRefused: The key is missing, or WaveSpeed rejects it.
            ProviderUnavailable: WaveSpeed did not respond, or with something other than a list of models.
        """
        with provider_call("wavespeed", "models"):
            answer = await self._ask("GET", "models", None, MODELS_SECONDS, limit=MODELS_BYTES)
            # Megabytes: parsed in a thread, so that the event loop keeps running.
            return await asyncio.to_thread(self._listed, answer)

    def _listed(self, answer: Answer) -> tuple[ListedModel, ...]:
        self._refuse_bad_key(answer)
        if codes(answer) != {_OK}:
            raise read_failure(answer, self._key)
        found = read_models(answer.object.get("data"))
        if not found:
            raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, f"{PROVIDER} returned no models.")
        return found

    async def bills(self, prediction_ids: Collection[str]) -> list[Bill]:
        """Return what WaveSpeed has charged for these predictions so far, and refunded; those it knows of alone.

        Raises:
            ProviderRefused: The key is missing.
            ProviderUnavailable: WaveSpeed did not respond, or with something other than billing entries.
        """
        with provider_call("wavespeed", "bills"):
            return await read_bills(
                lambda body: self._ask("POST", "billings/search", body, BILLS_SECONDS), prediction_ids, key=self._key
            )

    async def webhook_secret(self) -> SecretStr:
        """Return the signing secret of WaveSpeed's webhooks, as WaveSpeed returns it (`whsec_…`).

        Raises:
            ProviderRefused: The key is missing, or WaveSpeed rejects it.
            ProviderUnavailable: WaveSpeed did not respond, or with something unexpected.
        """
        with provider_call("wavespeed", "webhook_secret"):
            answer = await self._ask("GET", "webhook/secret", None, SECRET_SECONDS)
            self._refuse_bad_key(answer)
            secret = _secret(answer)
            if codes(answer) != {_OK} or secret is None:
                # Nothing of the response is quoted: an unknown format may contain the secret.
                raise ProviderUnavailable(
                    ReasonCode.WAVESPEED_UNREACHABLE, f"{PROVIDER} responded {answer.status} without a webhook secret."
                )
            return SecretStr(secret)

    def _refuse_bad_key(self, answer: Answer) -> None:
        if codes(answer) & _KEY_REFUSED and not answer.from_firewall:
            raise ProviderRefused(
                ReasonCode.WAVESPEED_BAD_KEY,
                f"{answer.sentence(PROVIDER, self._key)} Set {KEY_VARIABLE} to a valid key of an account with credit.",
            )

    async def _ask(
        self, method: str, path: str, body: dict[str, Any] | None, seconds: float, *, limit: int = BODY_LIMIT
    ) -> Answer:
        problem = key_problem(self._key, KEY_VARIABLE)
        if problem:
            raise ProviderRefused(ReasonCode.WAVESPEED_BAD_KEY, problem)
        address = f"{self.base}/api/v3/{path}"
        return await ask_unpaid(self._http, method, address, key=self._key, seconds=seconds, body=body, limit=limit)


def _secret(answer: Answer) -> str | None:
    """Return the secret from any of the observed formats: `data.secret`, `data` itself, `secret` at the top."""
    document = answer.object
    for value in (data(answer).get("secret"), document.get("data"), document.get("secret")):
        if isinstance(value, str) and value.strip():
            return value.strip()
    return None


@asynccontextmanager
async def open_wavespeed_account(base: str, api_key: SecretStr | None) -> AsyncIterator[WaveSpeedAccount]:
    """Open a client and close its connections afterwards. Opens without a key.

    Raises:
        ConfigurationError: `base` is not a URL.
    """
    async with open_connection(base, timeout_seconds=BALANCE_SECONDS, variable=BASE_VARIABLE) as http:
        yield WaveSpeedAccount(http, base=base, api_key=api_key)
