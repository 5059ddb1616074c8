"""Calls to others, each with its measurements and, to a provider, its line in the log."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

import structlog

from promptmill import tracing
from promptmill.contracts.errors import ProviderError, ReceiverRefused, ReceiverUnavailable
from promptmill.contracts.usage import TokenUsage
from promptmill.job_lines import action_for
from promptmill.metrics import BoundedNames, callback_seconds, grok_tokens, provider_seconds

_log = structlog.get_logger(__name__)
_models: Final = BoundedNames()
_failed: Final[Counter[tuple[str, str, str]]] = Counter()
"""How often each outcome but `ok` was met in this process, by provider and operation."""


@dataclass
class ProviderCall:
    """A call to a provider; `usage` is what its answer used, as far as the provider told it."""

    usage: TokenUsage | None = None


@contextmanager
def provider_call(provider: str, operation: str, model: str = "") -> Iterator[ProviderCall]:
    """Time one call to a provider, and note its outcome: `ok`, or the code of the error that it raises.

    Its line is a warning with the action if an operator must look at the reason, such as a key that is refused. What is
    expected of a provider, such as a 429, is info with its count.
    """
    began, outcome, reason, call = time.perf_counter(), "error", None, ProviderCall()
    try:
        with tracing.step(f"{provider} {operation}", provider=provider, operation=operation, model=model):
            yield call
        outcome = "ok"
    except ProviderError as error:
        outcome, reason = error.code.removeprefix("provider_"), error.reason_code
        call.usage = error.usage
        raise
    except asyncio.CancelledError:
        outcome = "cancelled"
        raise
    finally:
        seconds = time.perf_counter() - began
        provider_seconds.labels(provider, operation, _models(model) if model else "", outcome).observe(seconds)
        _count_tokens(call.usage)
        told = {"provider": provider, "operation": operation, "outcome": outcome, "ms": round(seconds * 1000, 1)}
        if model:
            told["model"] = model
        if call.usage is not None and call.usage.cost_usd is not None:
            told["cost_usd"] = float(call.usage.cost_usd)
        if outcome != "ok":
            _failed[provider, operation, outcome] += 1
            told["count"] = _failed[provider, operation, outcome]
        if reason is not None:
            told["reason_code"] = str(reason)
        action = action_for(reason)
        if action is None:
            _log.info("provider_call", **told)
        else:
            _log.warning("provider_call", action=action, **told)


def _count_tokens(usage: TokenUsage | None) -> None:
    if usage is not None:
        grok_tokens.labels("input").inc(usage.input_tokens or 0)
        grok_tokens.labels("output").inc(usage.output_tokens or 0)


@dataclass
class Delivery:
    """An attempt to deliver a callback; `status` is the receiver's, once it has answered."""

    status: int | None = None


@contextmanager
def callback_delivery() -> Iterator[Delivery]:
    """Time one attempt to deliver a callback, and note its outcome."""
    began, outcome, delivery = time.perf_counter(), "error", Delivery()
    try:
        with tracing.step("callback"):
            yield delivery
        outcome = f"{delivery.status // 100}xx" if delivery.status else outcome
    except ReceiverRefused:
        outcome = "refused"
        raise
    except ReceiverUnavailable:
        outcome = "unreachable"
        raise
    finally:
        callback_seconds.labels(outcome).observe(time.perf_counter() - began)
