"""The calls of a canary: free ones first, then one paid request to each provider, then what came of it."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from api.webhooks.signatures import is_fresh, is_signed, read_headers
from promptmill.canary.receiver import Receiver
from promptmill.canary.rules import TYPE
from promptmill.canary.seen import MISSING, Part, Seen
from promptmill.contracts.catalogue import ListedModel
from promptmill.contracts.errors import NothingSent, ProviderError, SubmitUnclear
from promptmill.providers.grok.completions import GrokQuestion, compose_completion, read_usage
from promptmill.providers.http.answers import Answer
from promptmill.providers.raw import NoAnswer, RawProvider
from promptmill.providers.wavespeed.answers import price_in, read_submission
from promptmill.providers.wavespeed.history import moment
from promptmill.providers.wavespeed.models import read_models
from promptmill.providers.wavespeed.predictions import Prediction

WRONG_KEY: Final = "bad-key-of-a-canary"
UNKNOWN_ID: Final = "0" * 32
SLACK: Final = timedelta(minutes=5)
"""Between our clock and WaveSpeed's."""

PROMPT: Final = "A canary in a coal mine, plain background"
GROK_TOKENS: Final = 300
"""Most tokens that Grok may write; a prompt of a few words takes 40."""

HIDDEN_TOKENS: Final = 4_000
"""Most tokens of the question beside its own characters; xAI adds some of its own."""

TOKEN_PRICES_PER_USD: Final = 10**10
"""xAI's prices of a token are in this part of a dollar."""

_NEVER_REASONS: Final = "non-reasoning"
"""In the name of a model that writes no tokens but its answer's."""


class Stop(Exception):
    """The canary goes no further with this provider; the message says why."""


class NotSent(Stop):
    """Not a byte of the paid request was sent."""


class Unclear(Stop):
    """The paid request may have been accepted, and is not repeated."""


@dataclass(frozen=True)
class Waits:
    """How long is waited for what comes later, in seconds."""

    result: float = 300
    books: float = 120
    webhook: float = 60
    pause: float = 2


async def ask_free_wavespeed(provider: RawProvider, seen: Seen, model: str | None) -> None:
    """Make the free calls, choose the model, and ask for its price.

    Raises:
        Stop: There is no model, or no price.
    """
    await _take(seen, "balance", provider.ask("GET", "balance"))
    await _take(seen, "wrong key", provider.ask("GET", "balance", key=WRONG_KEY))
    await _take(seen, "secret", provider.ask("GET", "webhook/secret"))
    await _take(seen, "unknown result", provider.ask("GET", f"predictions/{UNKNOWN_ID}/result"))
    entries = (await _listing(seen, "models", provider.ask("GET", "models"))).value("data")
    chosen = _cheapest(read_models(entries), model)
    if chosen is None:
        raise Stop(f"WaveSpeed lists no {model or f'{TYPE} model that takes a prompt alone and has a price'}")
    seen.model = chosen.model
    entry = next(one for one in _objects(entries) if str(one.get("model_id")).strip() == chosen.model)
    seen.parts["listed"] = Part(entry)
    seen.sent = {**_defaults(chosen), "prompt": f"{PROMPT}, {seen.marker}"}
    question = {"model_id": seen.model, "inputs": seen.sent}
    priced = await _take(seen, "price", provider.ask("POST", "model/price", question))
    prices = [price for name in ("discounted_price", "price") if priced and (price := _price(priced, name)) is not None]
    if not prices:
        raise Stop(f"WaveSpeed names no price of {seen.model}")
    seen.quoted_usd, seen.most_usd = prices[0], max(prices)


async def pay_wavespeed(provider: RawProvider, seen: Seen, webhook_url: str | None) -> None:
    """Make the one paid POST.

    Raises:
        Unclear: It may have been accepted, and is not repeated.
        NotSent: It never left.
        Stop: It was refused.
    """
    try:
        answer = await provider.pay(seen.model, seen.sent, {"webhook": webhook_url} if webhook_url else {})
        seen.parts["submit"] = Part.of(answer)
        seen.prediction_id = read_submission(answer, provider.key)
    except NothingSent as error:
        raise NotSent(str(error)) from None
    except SubmitUnclear as error:
        raise Unclear(str(error)) from None
    except ProviderError as error:
        raise Stop(f"it was refused, and nothing was created: {error}") from None


async def follow_wavespeed(provider: RawProvider, seen: Seen, receiver: Receiver | None, waits: Waits) -> None:
    """Read what became of the prediction: its result, its rows in history and books, its webhook.

    Raises:
        Stop: It did not end in time.
    """
    began = datetime.now(UTC)  # noqa: TID251  # not in a workflow
    result = await _until(
        lambda: _look(provider, seen),
        lambda part: Prediction(id="1", status=str(part.value("data.status"))).finished,
        waits.result,
        waits.pause,
    )
    if result is None:
        raise Stop(f"the prediction was not finished after {waits.result:.0f} s")
    question = {
        "page": 1,
        "page_size": 100,
        "model": seen.model,
        "include_inputs": True,
        "created_after": moment(began - SLACK),
        "created_before": moment(began + SLACK),
    }
    await _until(
        lambda: _take(seen, "history", provider.ask("POST", "predictions", question)),
        lambda part: _find(seen, part, "row", lambda row: row.get("id")),
        waits.books,
        waits.pause,
    )
    books = {"page": 1, "page_size": 100, "prediction_uuids": [seen.prediction_id]}
    await _until(
        lambda: _take(seen, "billing", provider.ask("POST", "billings/search", books)),
        lambda part: _find(seen, part, "bill", lambda bill: Part(bill).value("prediction.uuid")),
        waits.books,
        waits.pause,
    )
    if receiver is not None:
        await asyncio.to_thread(receiver.arrived.wait, waits.webhook)
        _take_delivery(seen, receiver, waits.webhook)


async def ask_free_grok(provider: RawProvider, seen: Seen, models: tuple[str, ...]) -> None:
    """Make the free calls, and bound what the one question may cost.

    Raises:
        Stop: Nothing bounds it.
    """
    await _take(seen, "key", provider.ask("GET", "api-key"))
    await _take(seen, "grok models", provider.ask("GET", "models"))
    chosen = next((model for model in models if _bounded(model)), None)
    if chosen is None:
        raise Stop(f"each of {', '.join(models)} reasons as long as it likes, so nothing bounds its cost")
    seen.grok_model = chosen
    entries = (await _listing(seen, "language models", provider.ask("GET", "language-models"))).value("models")
    entry = next((one for one in _objects(entries) if chosen in (one.get("id"), *_texts(one.get("aliases")))), None)
    if entry is None:
        raise Stop(f"xAI names no price of {chosen}")
    part = seen.parts["grok model"] = Part(entry)
    each = [part.value(f"{kind}_text_token_price") for kind in ("prompt", "completion")]
    if not all(type(price) is int and price > 0 for price in each):
        raise Stop(f"xAI names no price of {chosen}")
    tokens = len(json.dumps(grok_body(seen))) + HIDDEN_TOKENS
    seen.grok_bound_usd = Decimal(tokens * each[0] + GROK_TOKENS * each[1]) / TOKEN_PRICES_PER_USD


async def pay_grok(provider: RawProvider, seen: Seen) -> None:
    """Ask Grok once.

    Raises:
        Unclear: It may have answered, and is not asked again.
        NotSent: It never left.
    """
    try:
        answer = await provider.pay("chat/completions", grok_body(seen), {})
    except NothingSent:
        raise NotSent("xAI is unreachable; nothing was sent") from None
    except SubmitUnclear:
        raise Unclear("there was no answer of xAI") from None
    seen.parts["completion"] = Part.of(answer)
    seen.grok_cost_usd = read_usage(answer.object).cost_usd
    if answer.broken is not None:
        raise Unclear(f"xAI's answer is incomplete: {answer.broken}")


def grok_body(seen: Seen) -> dict[str, Any]:
    """Return the question as a worker sends it, and what bounds its cost."""
    question = GrokQuestion(
        model=seen.grok_model, system="Write prompts of five words.", text=f"A canary, {seen.marker}"
    )
    return {**compose_completion(question), "max_completion_tokens": GROK_TOKENS}


def _bounded(model: str) -> bool:
    body = compose_completion(GrokQuestion(model=model, system="", text=""))
    return body.get("reasoning_effort") == "none" or _NEVER_REASONS in model


def _cheapest(models: tuple[ListedModel, ...], named: str | None) -> ListedModel | None:
    """Return the model that was named, or the cheapest that makes a picture of a prompt alone."""
    fitting = [
        model
        for model in models
        if (model.model == named)
        or (
            named is None
            and model.type == TYPE
            and model.base_price is not None
            and [each.name for each in model.inputs if each.required] == ["prompt"]
        )
    ]
    return min(fitting, key=lambda model: (model.base_price or 0, model.model), default=None)


def _defaults(model: ListedModel) -> dict[str, Any]:
    """Return the inputs that have a default, but for those that say how to answer."""
    return {
        each.name: each.default
        for each in model.inputs
        if each.default is not None and not each.name.startswith("enable_")
    }


def _price(part: Part, name: str) -> Decimal | None:
    return price_in(part.value(f"data.{name}"))


async def _take(seen: Seen, call: str, asked: Awaitable[Answer]) -> Part | None:
    """Keep an answer by the name of its call, or why there is none."""
    try:
        part = Part.of(await asked)
    except NoAnswer as error:
        seen.notes[call] = str(error)
        return None
    seen.parts[call] = part
    return part


async def _listing(seen: Seen, call: str, asked: Awaitable[Answer]) -> Part:
    """Keep a list without which nothing can be chosen.

    Raises:
        Stop: There was no answer.
    """
    part = await _take(seen, call, asked)
    if part is None:
        raise Stop(f"no list of {call}: {seen.notes[call]}")
    return part


async def _look(provider: RawProvider, seen: Seen) -> Part | None:
    """Read the result, and keep the status of each look."""
    part = await _take(seen, "result", provider.ask("GET", f"predictions/{seen.prediction_id}/result"))
    if part is not None:
        looks = seen.parts.setdefault("looks", Part({"statuses": []}))
        looks.body["statuses"].append(part.value("data.status"))
    return part


async def _until(
    ask: Callable[[], Awaitable[Part | None]], enough: Callable[[Part], bool], seconds: float, pause: float
) -> Part | None:
    """Ask again until it is enough; None if it was not in time. Reading is free."""
    give_up = time.monotonic() + seconds
    while True:
        part = await ask()
        if part is not None and enough(part):
            return part
        if time.monotonic() > give_up:
            return None
        await asyncio.sleep(pause)


def _find(seen: Seen, part: Part, name: str, id_of: Callable[[Mapping[str, Any]], Any]) -> bool:
    """Keep the item of a list that is about our prediction."""
    for item in _objects(part.value("data.items")):
        if id_of(item) == seen.prediction_id:
            seen.parts[name] = Part(item)
            return True
    seen.notes[name] = "the list has none of our prediction"
    return False


def _take_delivery(seen: Seen, receiver: Receiver, seconds: float) -> None:
    delivery = receiver.delivery
    if delivery is None:
        seen.notes["webhook"] = seen.notes["webhook headers"] = f"none arrived within {seconds:.0f} s"
        return
    seen.parts["webhook"] = Part.of(Answer(200, {}, delivery.body))
    seen.parts["webhook headers"] = Part({**delivery.headers})
    headers = read_headers(delivery.headers)
    secret = seen.parts["secret"].value("data.secret") if "secret" in seen.parts else MISSING
    seen.webhook_fresh = headers is not None and is_fresh(headers, delivery.at)
    seen.webhook_signed = headers is not None and isinstance(secret, str) and is_signed(headers, delivery.body, secret)


def _objects(value: Any) -> Iterator[Mapping[str, Any]]:
    return (each for each in value if isinstance(each, dict)) if isinstance(value, list) else iter(())


def _texts(value: Any) -> Iterator[str]:
    return (each for each in value if isinstance(each, str)) if isinstance(value, list) else iter(())
