"""WaveSpeed's paid call, one guarded submission, and reading results and history. Never retries."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

import httpx
from pydantic import SecretStr

from promptmill.calls import provider_call
from promptmill.contracts.catalogue import RESERVED_VENDORS
from promptmill.contracts.errors import ProviderRefused, ProviderUnavailable
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.reasons import ReasonCode
from promptmill.providers.http.answers import Answer
from promptmill.providers.http.connections import authorization, fingerprint, key_problem, open_connection, plain_key
from promptmill.providers.http.guarded_sender import GuardedSender, boottime
from promptmill.providers.wavespeed.answers import PROVIDER, codes, prediction_data, read_failure, read_submission
from promptmill.providers.wavespeed.history import HistoryItem, moment, read_history
from promptmill.providers.wavespeed.predictions import DELETED, Prediction, read_prediction
from promptmill.providers.wavespeed.unpaid import BASE_VARIABLE, KEY_VARIABLE, ask_unpaid

__all__ = ["HistoryItem", "Prediction", "WaveSpeedClient", "boottime", "open_wavespeed"]

READ_SECONDS: Final = 30.0
"""Timeout of reading one result, as in WaveSpeed's own clients."""

HISTORY_PAGES: Final = 50
"""Maximum pages of history to read: 5,000 predictions of one model within minutes."""

_NOT_FOUND: Final = 404


class WaveSpeedClient:
    """Submits to WaveSpeed and reads results.

    Attributes:
        base: Base URL of WaveSpeed's API, without a trailing slash.
        key_fingerprint: First 12 hexadecimal digits of the key's SHA-256; empty without a key.
    """

    def __init__(
        self,
        sender: GuardedSender,
        http: httpx.AsyncClient,
        *,
        base: str,
        api_key: SecretStr | None,
        read_seconds: float = READ_SECONDS,
    ) -> None:
        """Take the guarded sender for paid calls and a client for unpaid ones."""
        self._sender = sender
        self._http = http
        self._key = plain_key(api_key)
        self._read_seconds = read_seconds
        self.base = base.rstrip("/")
        self.key_fingerprint = fingerprint(api_key)

    async def submit(
        self, model: str, body: Mapping[str, Any], *, post_by: float, webhook_url: str | None = None
    ) -> str:
        """Submit once and return the prediction's id. Costs money.

        Args:
            model: WaveSpeed's path of the model.
            body: The model's inputs, sent unchanged.
            post_by: Value of `boottime()` after which no byte may be sent.
            webhook_url: Where WaveSpeed reports the result.

        Raises:
            NothingSent: Not a single byte was sent; safe to retry.
            ProviderRateLimited: A 429; nothing was created.
            ProviderRefused: WaveSpeed refused, or there is no key.
            SubmitUnclear: It may have been accepted and billed.
        """
        problem = key_problem(self._key, KEY_VARIABLE)
        if problem:
            raise ProviderRefused(ReasonCode.WAVESPEED_BAD_KEY, f"{problem} Nothing was sent.")
        with provider_call("wavespeed", "submit", model):
            answer = await self._sender.post(
                self._address(_model_path(model)),
                content=_encode(body),
                headers={**authorization(self._key), "Content-Type": "application/json"},
                params={"webhook": webhook_url} if webhook_url else {},
                post_by=post_by,
                key=self._key,
            )
            return read_submission(answer, self._key)

    async def result(self, prediction_id: str, *, kind: MediaKind | None = None) -> Prediction:
        """Read a prediction's current state. Free; safe to repeat.

        Args:
            prediction_id: WaveSpeed's id.
            kind: What the model generates; None to infer it from the model's name.

        Raises:
            ProviderRefused: `prediction_gone`: WaveSpeed returned 404.
            ProviderUnavailable: Anything else that is not a prediction, including a bad key: that can be fixed, and
                what was paid for must still be collected.
        """
        with provider_call("wavespeed", "result"):
            answer = await self._read(f"predictions/{quote(prediction_id, safe='')}/result")
            if _NOT_FOUND in codes(answer):
                raise ProviderRefused(ReasonCode.PREDICTION_GONE, answer.sentence(PROVIDER, self._key))
            found = prediction_data(answer)
            if not answer.ok or not isinstance(found.get("status"), str):
                raise read_failure(answer, self._key)
            if str(found.get("id") or prediction_id) != prediction_id:
                raise ProviderUnavailable(
                    ReasonCode.WAVESPEED_UNREACHABLE,
                    "WaveSpeed returned a different prediction than the one requested.",
                )
        return read_prediction(found, asked_id=prediction_id, kind=kind, key=self._key)

    async def delete(self, prediction_id: str) -> None:
        """Delete a prediction with what was submitted and its outputs. Free; one that is not there counts as deleted.

        What the answer says is checked by reading it, because a 404 may also mean that the path is wrong.

        Raises:
            ProviderUnavailable: It could not be deleted, or is still there: another attempt may succeed.
        """
        with provider_call("wavespeed", "delete"):
            answer = await self._read("predictions/delete", {"ids": [prediction_id]})
            if not answer.ok and _NOT_FOUND not in codes(answer):
                raise read_failure(answer, self._key)
        try:
            left = await self.result(prediction_id)
        except ProviderRefused:  # it is gone
            return
        if left.status != DELETED:
            said = answer.sentence(PROVIDER, self._key)
            raise ProviderUnavailable(ReasonCode.WAVESPEED_UNREACHABLE, f"The prediction is still there. {said}")

    async def history(
        self, *, model: str | None, created_after: datetime, created_before: datetime, limit_pages: int = HISTORY_PAGES
    ) -> list[HistoryItem]:
        """List the predictions of a model (None for all) in a period, all pages, with what was submitted. Free.

        WaveSpeed keeps them for seven days. Predictions made on its website are included.

        Raises:
            ProviderUnavailable: The list could not be read, or may be incomplete.
        """
        question = ({"model": model} if model else {}) | {
            "created_after": moment(created_after),
            "created_before": moment(created_before),
            "include_inputs": True,
        }
        with provider_call("wavespeed", "history"):
            return await read_history(
                lambda body: self._read("predictions", body), question, limit_pages=limit_pages, key=self._key
            )

    async def _read(self, path: str, body: Mapping[str, Any] | None = None) -> Answer:
        """Make one unpaid request: a GET, or with a body a POST."""
        problem = key_problem(self._key, KEY_VARIABLE)
        if problem:
            raise ProviderUnavailable(ReasonCode.WAVESPEED_BAD_KEY, problem)
        method = "GET" if body is None else "POST"
        return await ask_unpaid(
            self._http, method, self._address(path), key=self._key, seconds=self._read_seconds, body=body
        )

    def _address(self, path: str) -> str:
        return f"{self.base}/api/v3/{path}"


def _model_path(model: str) -> str:
    """Return the model as a path; refuse one that would reach another WaveSpeed endpoint."""
    parts = model.split("/")
    if parts[0].lower() in RESERVED_VENDORS or not all(part.strip(". ") for part in parts):
        raise ProviderRefused(ReasonCode.WAVESPEED_UNKNOWN_MODEL, f"{model!r} is not a model path. Nothing was sent.")
    return "/".join(quote(part, safe="") for part in parts)


def _encode(body: Mapping[str, Any]) -> bytes:
    """Return the body as JSON. What cannot be serialised now never can be."""
    try:
        return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
    except (TypeError, ValueError, RecursionError):
        raise ProviderRefused(
            ReasonCode.WAVESPEED_BAD_INPUT, "The inputs cannot be serialised as JSON. Nothing was sent."
        ) from None


@asynccontextmanager
async def open_wavespeed(
    base: str, api_key: SecretStr | None, *, submit_timeout_seconds: float, read_timeout_seconds: float = READ_SECONDS
) -> AsyncIterator[WaveSpeedClient]:
    """Open a client and close its connections afterwards. Opens without a key; calls then report that it is missing.

    Args:
        base: Base URL of WaveSpeed's API.
        api_key: The key, or None.
        submit_timeout_seconds: Total timeout of one submission.
        read_timeout_seconds: Timeout of reading one result.

    Raises:
        ConfigurationError: `base` is not a URL.
    """
    async with (
        open_connection(base, timeout_seconds=submit_timeout_seconds, variable=BASE_VARIABLE, keep_alive=False) as paid,
        open_connection(base, timeout_seconds=read_timeout_seconds, variable=BASE_VARIABLE) as free,
    ):
        yield WaveSpeedClient(
            GuardedSender(paid, submit_timeout_seconds),
            free,
            base=base,
            api_key=api_key,
            read_seconds=read_timeout_seconds,
        )
