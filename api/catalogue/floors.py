"""Whether a quoted price may be a floor: inputs that move it are not in what would be sent."""

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
"""Inputs that move the price of many models; they count where a model's formula is not told."""

NOT_KNOWN: Final = "What moves this model's price is not known here: the price may be higher."

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
    """Whether a price may be too low, the inputs whose absence makes it so, and why where no input can be named."""

    floor: bool
    missing: tuple[str, ...] = ()
    reason: str | None = None


def judge(entry: Entry | None, body: Mapping[str, Any]) -> Judgement:
    """Return what the price of exactly this body is worth."""
    if entry is None or (entry.known is Known.WAVESPEED and not entry.inputs):
        return Judgement(floor=True, reason=NOT_KNOWN)
    movers = price_movers(entry)
    if entry.known is Known.PRESET and not movers:
        # A preset names the inputs that we know, not all: without WaveSpeed's own list there may be more.
        return Judgement(floor=True, reason=NOT_KNOWN)
    # A picture that may be left out is not missing: without it the model works from the prompt alone.
    missing = tuple(
        each.name
        for each in entry.inputs
        if each.name in movers and body.get(each.name) in (None, "", []) and (each.required or not each.pictures)
    )
    return Judgement(floor=bool(missing), missing=missing)


def price_movers(entry: Entry) -> frozenset[str]:
    """Return the inputs that move the model's price: those in its formula, else the well-known ones that it has."""
    names = {each.name for each in entry.inputs}
    return formula_names(entry.formula, names) if entry.formula else frozenset(names & WELL_KNOWN)


def formula_names(formula: str, names: Collection[str]) -> frozenset[str]:
    """Return which of these names stand in a JSONata text as a path, not in its comments, texts and variables."""
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
            # It can be no formula; whatever it names may count.
            yield from _NAME.findall(text)
        elif kind == "quoted" or (kind == "text" and (before == "." or _looked_up(function, before, after))):
            yield text[1:-1]


def _looked_up(function: str, before: str, after: str) -> bool:
    """Whether a text is the second argument of `$lookup(inputs, "duration")`."""
    return (function, before, after) == ("$lookup", ",", ")")
