"""Whether a quoted price may be a floor: inputs that affect it are not set."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from api.catalogue.entries import Entry, Known

WELL_KNOWN: Final = frozenset(
    {
        *("duration", "seconds", "num_frames", "fps", "resolution", "size", "width", "height", "quality"),
        *("num_images", "max_images", "num_outputs", "n", "generate_audio", "enable_audio"),
    }
)
"""Inputs that affect the price of many models; used if a model's formula is unknown."""

NOT_KNOWN: Final = "It is not known what affects this model's price: the price may be higher."

_TOKEN: Final = re.compile(
    r"""(?sx)
    (?P<comment> /\*.*?\*/ )
    | (?P<text> "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' )
    | (?P<quoted> `[^`]*` )
    | (?P<unclosed> (?: ["'`] | /\* ) .* )
    | (?P<variable> \$\w* )
    | (?P<name> [^\W\d]\w* )
    | (?P<number> \d[\w.]* )
    | (?P<sign> \S )
    """
)
_NAME: Final = re.compile(r"[^\W\d]\w*")


@dataclass(frozen=True)
class Judgement:
    """Whether a price may be too low, because of which missing inputs, and why if none can be named."""

    floor: bool
    missing: tuple[str, ...] = ()
    reason: str | None = None


def judge(entry: Entry | None, body: Mapping[str, Any]) -> Judgement:
    """Assess the price of exactly this body."""
    if entry is None or (entry.known is Known.WAVESPEED and not entry.inputs):
        return Judgement(floor=True, reason=NOT_KNOWN)
    movers = price_movers(entry)
    if entry.known is Known.PRESET and not movers:
        # A preset does not name all inputs: without WaveSpeed's own list there may be more.
        return Judgement(floor=True, reason=NOT_KNOWN)
    # An optional image is not missing: without it the model works from the prompt alone.
    missing = tuple(
        each.name
        for each in entry.inputs
        if each.name in movers and body.get(each.name) in (None, "", []) and (each.required or not each.pictures)
    )
    return Judgement(floor=bool(missing), missing=missing)


def price_movers(entry: Entry) -> frozenset[str]:
    """Return the inputs that affect the model's price: those in its formula, otherwise its well-known ones."""
    names = {each.name for each in entry.inputs}
    return formula_names(entry.formula, names) if entry.formula else frozenset(names & WELL_KNOWN)


def formula_names(formula: str, names: Collection[str]) -> frozenset[str]:
    """Return which of these names occur in a JSONata text as a path, not in comments, strings or variables."""
    return frozenset(name for name in _paths(formula) if name in names)


def _paths(formula: str) -> Iterator[str]:
    tokens = [(found.lastgroup, found.group()) for found in _TOKEN.finditer(formula) if found.lastgroup != "comment"]
    function = ""
    for place, (kind, text) in enumerate(tokens):
        before = tokens[place - 1][1] if place else ""
        after = tokens[place + 1][1] if place + 1 < len(tokens) else ""
        if kind == "variable":
            function = text
        elif kind == "name":
            yield text
        elif kind == "unclosed":
            # It cannot be a formula; any name in it may count.
            yield from _NAME.findall(text)
        elif kind == "quoted" or (kind == "text" and (before == "." or _looked_up(function, before, after))):
            yield text[1:-1]


def _looked_up(function: str, before: str, after: str) -> bool:
    """Whether a text is the second argument of `$lookup(inputs, "duration")`."""
    return (function, before, after) == ("$lookup", ",", ")")
