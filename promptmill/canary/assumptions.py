"""What we rely on at the providers: the one table of it.

Each row is a field of an answer, what it must be, and who relies on it. The calls are named in
`promptmill.canary.asking`; `row`, `bill` and `listed` are the parts of a list that are about ours, and `looks` has what
all looks at the result have seen.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from promptmill.canary import rules
from promptmill.canary.rules import Rule, among, equal_to, optional
from promptmill.canary.seen import MISSING, Seen


class Verdict(StrEnum):
    """What came of an assumption."""

    HOLDS = "holds"
    DEVIATES = "deviates"
    NOT_SEEN = "not seen"


@dataclass(frozen=True)
class Assumption:
    """One row.

    Attributes:
        call: The name of the call, or of the part of its answer.
        path: Of the field; `HTTP` is the status of the answer.
        relies: The module that relies on it.
    """

    call: str
    path: str
    rule: Rule
    relies: str

    @property
    def name(self) -> str:
        """The row's name: it stays the same from release to release."""
        return f"{self.call}: {self.path}"

    def judge(self, seen: Seen) -> Verdict:
        """Compare what was seen."""
        if self.call not in seen.parts:
            return Verdict.NOT_SEEN
        holds = self.rule.test(seen.parts[self.call].value(self.path), seen)
        return Verdict.HOLDS if holds else Verdict.DEVIATES

    def shown(self, seen: Seen) -> str:
        """Return what was seen, in words that say nothing of the account."""
        if self.call not in seen.parts:
            return seen.notes.get(self.call, "the call before it did not succeed")
        value = seen.parts[self.call].value(self.path)
        if value is MISSING:
            return "nothing"
        if self.rule.shown and isinstance(value, str | int | float):
            return str(value)[:100]
        return type(value).__name__


def _rows(relies: str, call: str, **fields: Rule) -> Iterator[Assumption]:
    """Yield the rows of a call; `__` in a name stands for the dot of its path."""
    for path, rule in fields.items():
        yield Assumption(call, path.replace("__", "."), rule, relies)


_MADE: Final = {"created_at": rules.TIME, "model": rules.OWN_MODEL}
_PREDICTION: Final = {**_MADE, "id": rules.OWN_ID}
_OK: Final = {"HTTP": equal_to(rules.OK), "code": rules.CODE}

ASSUMPTIONS: Final = (
    *_rows("promptmill/providers/wavespeed/account.py", "balance", **_OK, data__balance=rules.MONEY),
    *_rows(
        "promptmill/providers/wavespeed/account.py",
        "wrong key",
        HTTP=rules.REFUSED,
    ),
    *_rows("promptmill/providers/wavespeed/models.py", "models", **_OK, data=rules.MODELS),
    *_rows(
        "promptmill/providers/wavespeed/models.py",
        "listed",
        name=optional(rules.TEXT),
        type=rules.TEXT,
        base_price=rules.PRICE,
        formula=optional(rules.TEXT),
        api_schema__api_schemas__0__type=equal_to("model_run"),
        api_schema__api_schemas__0__request_schema__properties=rules.OBJECT,
        api_schema__api_schemas__0__request_schema__required=optional(rules.LIST),
    ),
    *_rows(
        "promptmill/providers/wavespeed/account.py",
        "price",
        **_OK,
        data__price=rules.PRICE,
        data__discounted_price=optional(rules.PRICE),
        data__currency=optional(equal_to("USD")),
    ),
    *_rows("promptmill/providers/wavespeed/account.py", "secret", **_OK, data__secret=rules.SECRET),
    *_rows(
        "promptmill/providers/wavespeed/answers.py",
        "submit",
        **_OK,
        data__id=rules.PREDICTION_ID,
        data__model=rules.OWN_MODEL,
        data__status=rules.RUNNING,
        data__outputs=rules.NOTHING,
        data__urls__get=rules.OWN_RESULT,
        data__created_at=rules.TIME,
        data__error=optional(rules.NO_TEXT),
    ),
    *_rows(
        "promptmill/providers/wavespeed/predictions.py",
        "result",
        **_OK,
        **{f"data__{name}": rule for name, rule in _PREDICTION.items()},
        data__status=rules.COMPLETE,
        data__outputs=rules.ADDRESSES,
        data__has_nsfw_contents=optional(rules.FLAGS),
        data__error=optional(rules.NO_TEXT),
    ),
    *_rows("promptmill/providers/wavespeed/predictions.py", "looks", statuses=rules.KNOWN),
    *_rows("promptmill/providers/wavespeed/client.py", "unknown result", HTTP=equal_to(404)),
    *_rows(
        "promptmill/providers/wavespeed/history.py",
        "history",
        **_OK,
        data__page=optional(equal_to(1)),
        data__items=rules.OWN_AMONG,
        data__total=optional(rules.POSITIVE),
    ),
    *_rows(
        "promptmill/providers/wavespeed/history.py",
        "row",
        **_MADE,
        status=rules.COMPLETE,
        inputs=rules.OWN_INPUTS,
    ),
    *_rows(
        "promptmill/providers/wavespeed/billing.py",
        "billing",
        **_OK,
        data__items=rules.OWN_ALONE,
        data__has_more=optional(rules.FLAG),
    ),
    *_rows(
        "promptmill/providers/wavespeed/billing.py",
        "bill",
        uuid=rules.TEXT,
        billing_type=equal_to("deduct"),
        price=rules.ITS_PRICE,
    ),
    *_rows(
        "promptmill/providers/wavespeed/predictions.py",
        "webhook",
        **_PREDICTION,
        status=rules.COMPLETE,
        outputs=rules.ADDRESSES,
    ),
    *_rows(
        "api/webhooks/signatures.py",
        "webhook headers",
        **{"webhook-id": rules.TEXT, "webhook-timestamp": rules.FRESH, "webhook-signature": rules.SIGNED},
    ),
    *_rows(
        "promptmill/providers/grok/client.py",
        "key",
        HTTP=equal_to(rules.OK),
        team_blocked=rules.NO_FLAG,
        api_key_blocked=rules.NO_FLAG,
        api_key_disabled=rules.NO_FLAG,
    ),
    *_rows(
        "promptmill/providers/grok/client.py",
        "grok models",
        HTTP=equal_to(rules.OK),
        data=rules.LIST,
        data__0__id=rules.TEXT,
    ),
    *_rows(
        "promptmill/providers/grok/client.py",
        "grok model",
        prompt_text_token_price=rules.POSITIVE,
        completion_text_token_price=rules.POSITIVE,
        aliases=optional(rules.LIST),
    ),
    *_rows(
        "promptmill/providers/grok/completions.py",
        "completion",
        HTTP=equal_to(rules.OK),
        id=rules.TEXT,
        model=rules.OWN_GROK,
        choices__0__message__content=rules.WRITTEN,
        choices__0__message__refusal=optional(rules.NO_TEXT),
        choices__0__finish_reason=among("stop", "end_turn"),
        usage__prompt_tokens=rules.POSITIVE,
        usage__completion_tokens=rules.POSITIVE,
        usage__completion_tokens_details__reasoning_tokens=rules.COUNT,
        usage__total_tokens=rules.OF_TOKENS,
        usage__cost_in_usd_ticks=rules.POSITIVE,
    ),
)
