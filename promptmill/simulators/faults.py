"""Faults injected by tests, and the selection of the requests that they hit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

Place = Literal[
    "submit",
    "result",
    "history",
    "balance",
    "price",
    "secret",
    "billing",
    "upload",
    "delete",
    "webhook",
    "chat",
    "models",
    "api-key",
]
"""The kind of request that a fault hits; `webhook` is one that the simulator itself sends."""

EXCHANGE_KINDS = frozenset({"cut", "reset", "cut_body", "hold", "delay", "status", "html", "empty", "not_json"})
"""Transport-level faults, the same for every kind of request.

`cut` closes the connection without a response, `reset` does so with a TCP reset, `cut_body` in mid-response;
`hold` keeps the request open until it is released; `delay` waits `seconds`; `status` responds with `status` and the
provider's error body (`status` 200 with another `code` is an error inside HTTP 200); `html`, `empty` and `not_json`
respond with `status` and a body that is not a JSON object.
"""

CONTENT_KINDS: Mapping[str, frozenset[str]] = {
    "submit": frozenset({"ending", "never", "nsfw", "outputs", "no_id", "id_with_code", "bare", "hidden"}),
    "result": frozenset({"no_output", "bare"}),
    "history": frozenset({"hidden", "without_inputs"}),
    "upload": frozenset({"expired"}),
    "webhook": frozenset({"lost", "duplicate", "late", "early", "wrong_signature", "old_timestamp"}),
    "chat": frozenset(
        {
            *("invalid_json", "cut_json", "empty_content", "refusal", "refusal_in_json", "refusal_as_prompt"),
            *("fenced", "wordy", "parts", "huge_usage", "same_variants", "empty_variants"),
        }
    ),
}
"""Faults in the content of a well-formed response.

A submit: `ending`: the prediction ends as `word` (`failed`, `cancelled`, `timeout`, `deleted`, or an unknown
word) with `code` and `message`; `never`: it does not end; `nsfw`: it completes with a flagged output; `outputs`: it
completes with `outputs`, whatever they are; `no_id`: created, but the response has no id; `id_with_code`: created, and
the response has its id beside the error `code`; `bare`: the response is the prediction without its envelope;
`hidden`: the prediction is missing from the history for `seconds` (forever without them).

A result: `no_output`: this one response has no output; `bare` as above. The history: `hidden`: this one listing is
empty. An upload: `expired`: its ticket is no longer valid.

A chat: the content is not JSON, truncated or empty; a refusal beside the text, in the object's own field or in place
of the prompt; the object in a Markdown fence, surrounded by text or in a list of parts; token counts and a cost too
large to store (`huge_usage`). Of several prompts: all the same, or all empty.
"""


class Fault(BaseModel):
    """One injected fault. It hits the next `times` matching requests, or each with a seeded `probability`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    where: Place
    kind: str
    times: int | None = Field(None, ge=1, description="Requests to hit: 1, or with a probability no limit.")
    probability: float | None = Field(None, gt=0, le=1)
    seed: int = 0
    contains: str | None = Field(None, description="Hit only requests whose path or body contains this text.")
    after: bool = Field(
        default=False, description="Exchange faults: strike after the work was done and charged, not before."
    )
    status: int = Field(500, ge=200, le=599)
    code: int | str | None = None
    error_code: str | None = None
    message: str | None = None
    nested: bool = Field(default=False, description="Grok: the nested error shape instead of the flat one.")
    retry_after: str | None = None
    should_retry: bool | None = None
    seconds: float = Field(0, ge=0)
    word: str = "failed"
    outputs: list[Any] = Field([], description="Submit: what the completed prediction shows as its outputs.")

    @model_validator(mode="after")
    def _known(self) -> Self:
        kinds = CONTENT_KINDS.get(self.where, frozenset())
        if self.where != "webhook":
            kinds = kinds | EXCHANGE_KINDS
        if self.kind not in kinds:
            raise ValueError(f"at {self.where} there is no fault {self.kind!r}, only {', '.join(sorted(kinds))}")
        return self

    @property
    def headers(self) -> dict[str, str]:
        """The requested retry headers."""
        headers = {}
        if self.retry_after is not None:
            headers["Retry-After"] = self.retry_after
        if self.should_retry is not None:
            headers["x-should-retry"] = str(self.should_retry).lower()
        return headers


@dataclass
class _Order:
    fault: Fault
    dice: Random
    left: float
    hits: int = 0

    def strikes(self, text: bytes) -> bool:
        fault = self.fault
        if self.left <= 0 or (fault.contains is not None and fault.contains.encode() not in text):
            return False
        if fault.probability is not None and self.dice.random() >= fault.probability:
            return False
        self.left -= 1
        self.hits += 1
        return True


@dataclass
class FaultBook:
    """The faults injected for one account, in order."""

    _orders: list[_Order] = field(default_factory=list)

    def order(self, fault: Fault) -> None:
        """Add a fault."""
        unlimited = float("inf") if fault.probability is not None else 1
        # Seeded, so that tests are repeatable.
        dice = Random(fault.seed)  # noqa: S311  # nothing secret depends on it
        self._orders.append(_Order(fault, dice, fault.times or unlimited))

    def clear(self) -> None:
        """Remove all faults."""
        self._orders.clear()

    def take(self, where: str, text: bytes = b"", *, content: bool) -> Fault | None:
        """Return the fault that hits this request, if one does.

        Args:
            where: The kind of request.
            text: Its path and body, for `contains`.
            content: Look for content faults instead of transport faults; one of each may hit the same request.
        """
        for order in self._orders:
            fault = order.fault
            same = fault.where == where and (fault.kind in CONTENT_KINDS.get(where, frozenset())) is content
            if same and order.strikes(text):
                return fault
        return None

    def as_json(self) -> list[dict[str, Any]]:
        """Return the faults with their hit counts, for the control interface."""
        return [{**order.fault.model_dump(exclude_none=True), "hits": order.hits} for order in self._orders]
