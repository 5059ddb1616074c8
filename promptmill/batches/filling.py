"""Fills a template with the rows of a table: each becomes the body of one job, or a few faults.

A column is one of the reserved ones, a label (`meta.*`), an input of the model, or stands in a text as `{{column}}`;
one that is none of these is a fault of the rows that have a value in it. An empty cell says nothing: the template's own
value stays.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from promptmill.batches.rows import KEY_CHARACTERS, NAME_SHOWN, ColumnFault, Fault, FilledRow, Line, as_text
from promptmill.batches.values import WrongValue, parts_of, value_of
from promptmill.contracts.catalogue import ModelInput
from promptmill.contracts.placeholders import MOST_FILLED, WORDED, filled, length_filled, words_in
from promptmill.contracts.texts import is_blank
from promptmill.spelling import MAX_GUESSES, nearest

PROMPT: Final = "prompt"
INSTRUCTIONS: Final = "instructions"
IMAGE: Final = "image"
IMAGES: Final = "images"
KEY: Final = "key"
LABEL: Final = "meta."
"""Begins the name of a column whose values are labels: `meta.client` is the label `client`."""

FIELDS: Final = {PROMPT: "prompt", INSTRUCTIONS: "instructions", IMAGE: "targetUrl", IMAGES: "refUrls"}
"""The reserved columns that are fields of a job."""


def fill(
    template: Mapping[str, Any],
    lines: Iterable[Line | Fault],
    inputs: Mapping[str, ModelInput | None] | None,
    *,
    others: bool = False,
) -> Iterator[FilledRow | Fault]:
    """Return the body of each row's job, or its faults; the faults of the source are passed on.

    Args:
        template: The body of a job to create, with words in its texts.
        lines: What the source gives.
        inputs: The model's inputs by name, None for one whose type is not known; None if none is known: then any
            column may be an input.
        others: Whether columns that are not among the inputs are inputs, too.
    """
    filling = _Filling(template, inputs or {}, others=others or inputs is None)
    for line in lines:
        if isinstance(line, Fault):
            yield line
        else:
            yield from filling.of(line)


@dataclass
class _Filling:
    """One template being filled with one table."""

    template: Mapping[str, Any]
    inputs: Mapping[str, ModelInput | None]
    others: bool
    _within: frozenset[str] = field(init=False)
    """The texts of the template in which the row's own text of the same name is filled in."""
    _first: dict[str, int] = field(default_factory=dict, init=False)
    """The keys so far, and the row that has each."""
    _guesses: dict[str, str | None] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        texts = (PROMPT, INSTRUCTIONS)
        self._within = frozenset(name for name in texts if name in words_in(self.template.get(name)))

    def of(self, line: Line) -> Iterator[FilledRow | Fault]:
        """Return the filled row, or its faults."""
        given = {name: value for name, value in line.values.items() if not _says_nothing(value)}
        key, faults = self._key(line.number, given)
        body, wrong = self._body(line.number, given)
        faults += wrong
        if faults:
            yield from faults
        else:
            yield FilledRow(line.number, key, given, body)

    def _key(self, number: int, given: Mapping[str, Any]) -> tuple[str, list[Fault]]:
        """Return a row's key, and what is wrong with it."""
        value = given.get(KEY, number)
        key = (as_text(value) or "").strip()
        if isinstance(value, bool | float | list | dict) or len(key) > KEY_CHARACTERS or not key.isprintable():
            message = f"Must be a text of at most {KEY_CHARACTERS} characters, all of them visible."
            return key, [Fault.of(number, KEY, message, value=value)]
        first = self._first.setdefault(key, number)
        if first != number:
            why = f"Row {first} has this key already."
            if KEY not in given:
                why = f"The row has no key, so that its number is its key; row {first} has that already."
            return key, [Fault.of(number, KEY, why, value=key)]
        return key, []

    def _body(self, number: int, given: Mapping[str, Any]) -> tuple[dict[str, Any], list[Fault]]:
        """Return the template, filled with a row's values, and what is wrong with these."""
        worded = {name: self.template[name] for name in WORDED if name in self.template}
        # The cell is the text, unless it is to stand within the template's own.
        worded |= {name: given[name] for name in (PROMPT, INSTRUCTIONS) if name in given and name not in self._within}
        words = words_in(worded)
        faults = [*self._wrong_words(number, words, given), *self._unknown(number, words, given)]
        texts = {word: as_text(given[word]) or "" for word in words if word in given}
        if length_filled(worded, texts) > MOST_FILLED:
            faults.append(Fault.of(number, None, f"Its texts would have more than {MOST_FILLED:,} characters."))
        if faults:
            return {}, faults
        body = {**self.template, **filled(worded, texts)}
        inputs, faults = self._inputs(number, given, words)
        labels = {name.removeprefix(LABEL): as_text(given[name]) for name in given if name.startswith(LABEL)}
        if inputs:
            body["input"] = {**body.get("input", {}), **inputs}
        if labels:
            body["metadata"] = {**body.get("metadata", {}), **labels}
        if IMAGE in given:
            body[FIELDS[IMAGE]] = given[IMAGE]
        if IMAGES in given:
            urls = given[IMAGES]
            body[FIELDS[IMAGES]] = parts_of(urls) if isinstance(urls, str) else urls
        return body, faults

    def _wrong_words(self, number: int, words: Iterable[str], given: Mapping[str, Any]) -> Iterator[Fault]:
        for word in words:
            if word not in given:
                message = f"The row has no value for {{{{{word}}}}}, which is to be filled in."
                yield Fault.of(number, word, message, suggestion=self._guess(word, given))
            elif isinstance(given[word], list | dict):
                message = f"Must be a text or a number: it is to be filled in for {{{{{word}}}}}."
                yield Fault.of(number, word, message, value=given[word])

    def _unknown(self, number: int, words: Iterable[str], given: Mapping[str, Any]) -> Iterator[Fault]:
        if self.others:
            return
        known = FIELDS.keys() | {KEY} | self.inputs.keys() | set(words)
        for name in given:
            if name not in known and not name.startswith(LABEL):
                shown = name[:NAME_SHOWN]
                message = f"The model has no such input, and no text has {{{{{shown}}}}}. A label is `{LABEL}{shown}`."
                yield ColumnFault.of(number, name, message, value=given[name], suggestion=self._guess(name, known))

    def _guess(self, name: str, known: Iterable[str]) -> str | None:
        """Return the nearest name, for the first few unknown ones of a table."""
        if name not in self._guesses and len(self._guesses) < MAX_GUESSES:
            self._guesses[name] = nearest(name, known)
        return self._guesses.get(name)

    def _inputs(
        self, number: int, given: Mapping[str, Any], words: Iterable[str]
    ) -> tuple[dict[str, Any], list[Fault]]:
        """Return a row's inputs of the model: texts as what its schema says that they are."""
        found: dict[str, Any] = {}
        faults = []
        for name, value in given.items():
            if name in FIELDS or name == KEY or name.startswith(LABEL):
                continue
            if name not in self.inputs and (not self.others or name in words):
                continue
            try:
                found[name] = value_of(value, self.inputs.get(name)) if isinstance(value, str) else value
            except WrongValue as wrong:
                faults.append(Fault.of(number, name, str(wrong), value=value))
        return found, faults


def _says_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, str) and is_blank(value))
