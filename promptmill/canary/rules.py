"""How a value is compared with what is expected of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from promptmill.canary.seen import MISSING, Part, Seen
from promptmill.providers.grok.writings import written_object
from promptmill.providers.wavespeed.answers import amount_in, prediction_id_of, price_in, whole_code
from promptmill.providers.wavespeed.models import read_models
from promptmill.providers.wavespeed.predictions import COMPLETED, Prediction, read_time

OK: Final = 200
TYPE: Final = "text-to-image"
"""Of the model that is chosen."""


@dataclass(frozen=True)
class Rule:
    """What a value must be, in words and as a test.

    Attributes:
        shown: Whether a report may quote the value: only words and numbers that say nothing of an account.
    """

    words: str
    test: Callable[[Any, Seen], bool]
    shown: bool = False


def _is(kind: type, words: str) -> Rule:
    return Rule(words, lambda value, _: isinstance(value, kind) and (kind is bool or not isinstance(value, bool)))


def equal_to(wanted: str | float, *, shown: bool = True) -> Rule:
    """Return the rule of one value."""
    return Rule(f"{wanted!r}", lambda value, _: type(value) is type(wanted) and value == wanted, shown)


def among(*wanted: str) -> Rule:
    """Return the rule of some words."""
    return Rule(" or ".join(map(repr, wanted)), lambda value, _: value in wanted, shown=True)


def optional(rule: Rule) -> Rule:
    """Return the rule of a value that may be absent or null."""
    return Rule(
        f"{rule.words}, or absent",
        lambda value, seen: value is MISSING or value is None or rule.test(value, seen),
        rule.shown,
    )


def _of_tokens(value: Any, seen: Seen) -> bool:
    """Whether all tokens are prompt, completion and, beside them, reasoning."""
    usage = seen.parts["completion"]
    counts = [
        usage.value(f"usage.{name}")
        for name in ("prompt_tokens", "completion_tokens", "completion_tokens_details.reasoning_tokens")
    ]
    return all(COUNT.test(count, seen) for count in counts) and value == sum(counts)


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _ends_with_result(value: Any, seen: Seen) -> bool:
    return isinstance(value, str) and value.endswith(f"/api/v3/predictions/{seen.prediction_id}/result")


REFUSED: Final = Rule("401 or 403", lambda value, _: value in {401, 403}, shown=True)
TEXT: Final = Rule("text", lambda value, _: isinstance(value, str) and value.strip() != "")
NO_TEXT: Final = Rule("no text", lambda value, _: value in ("", None))
OBJECT: Final = _is(dict, "an object")
LIST: Final = _is(list, "a list")
FLAG: Final = _is(bool, "true or false")
NO_FLAG: Final = Rule("false", lambda value, _: value is False, shown=True)
COUNT: Final = Rule("a whole number", lambda value, _: type(value) is int and value >= 0, shown=True)
POSITIVE: Final = Rule("a whole number above 0", lambda value, _: type(value) is int and value > 0, shown=True)
MONEY: Final = Rule("a number", lambda value, _: amount_in(value) is not None)
PRICE: Final = Rule("a price", lambda value, _: price_in(value) is not None, shown=True)
CODE: Final = Rule("200", lambda value, _: whole_code(value) == OK, shown=True)
TIME: Final = Rule("a time (RFC 3339)", lambda value, _: read_time(value) is not None)
PREDICTION_ID: Final = Rule("a prediction's id", lambda value, _: prediction_id_of({"id": value}) is not None)
NOTHING: Final = Rule("an empty list, or null", lambda value, _: value in ([], None))
SECRET: Final = Rule(
    "a secret that begins with whsec_", lambda value, _: isinstance(value, str) and value.startswith("whsec_")
)
RUNNING: Final = Rule(
    "a status that we know, of a prediction that is not finished",
    lambda value, _: (
        isinstance(value, str) and not (shown := Prediction(id="1", status=value)).finished and not shown.unrecognized
    ),
    shown=True,
)
KNOWN: Final = Rule(
    "statuses that we know",
    lambda value, _: all(isinstance(each, str) and not Prediction(id="1", status=each).unrecognized for each in value),
)
COMPLETE: Final = equal_to(COMPLETED)
ADDRESSES: Final = Rule(
    "https addresses, one at least",
    lambda value, _: (
        isinstance(value, list)
        and value != []
        and all(isinstance(each, str) and each.startswith(("https://", "http://127.0.0.1:")) for each in value)
    ),
)
FLAGS: Final = Rule(
    "true or false for each output, or null",
    lambda value, _: value is None or (isinstance(value, list) and all(isinstance(each, bool) for each in value)),
)
OWN_ID: Final = Rule("the id that the submission returned", lambda value, seen: value == seen.prediction_id)
OWN_MODEL: Final = Rule("the model that was asked", lambda value, seen: value == seen.model)
OWN_INPUTS: Final = Rule(
    "what was submitted",
    lambda value, seen: (
        isinstance(value, dict) and all(value.get(name, MISSING) == sent for name, sent in seen.sent.items())
    ),
)
OWN_RESULT: Final = Rule("the address of its result", _ends_with_result)
ITS_PRICE: Final = Rule(
    "what was quoted, with either sign",
    lambda value, seen: (usd := amount_in(value)) is not None and abs(usd) == seen.quoted_usd,
    shown=True,
)
MODELS: Final = Rule(
    f"a list with a {TYPE} model that takes a prompt alone and has a price, or with the one that was named",
    lambda value, seen: seen.model != "" and any(model.model == seen.model for model in read_models(value)),
)
OWN_AMONG: Final = Rule(
    "a list that has our prediction",
    lambda value, seen: any(Part(item).value("id") == seen.prediction_id for item in _items(value)),
)
OWN_ALONE: Final = Rule(
    "a list of entries of the prediction that was asked for",
    lambda value, seen: (
        isinstance(value, list) and all(Part(item).value("prediction.uuid") == seen.prediction_id for item in value)
    ),
)
SIGNED: Final = Rule("what the secret makes of id, time and body", lambda _, seen: seen.webhook_signed is True)
FRESH: Final = Rule("at most 300 s from our clock", lambda _, seen: seen.webhook_fresh is True)
OF_TOKENS: Final = Rule("prompt, completion and reasoning added up", _of_tokens, shown=True)
WRITTEN: Final = Rule(
    "the JSON that was asked for",
    lambda value, _: (
        isinstance(value, str)
        and isinstance((written := written_object(value)), dict)
        and isinstance(written.get("prompt"), str)
    ),
)
OWN_GROK: Final = Rule(
    "the model that was asked, or what its alias stands for",
    lambda value, _: isinstance(value, str) and value.startswith("grok-"),
    shown=True,
)
