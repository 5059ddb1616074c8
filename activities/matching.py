"""Decides which prediction in WaveSpeed's history an unclear submission may have created. Pure: no I/O.

Both mistakes cost money: taking another's prediction for ours, and missing ours, which would then be paid for again.
So a prediction is a candidate unless its prompt or seed definitely differ, and it is ours only if everything matches.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple

from promptmill.contracts.resolution import UnclearSubmission
from promptmill.providers.wavespeed.client import HistoryItem

_PICTURES: Final = frozenset({"image", "images"})
_MEDIA: Final = ("http://", "https://", "data:")


class Judgement(NamedTuple):
    """The result of searching the history: the ids of all candidates, and the one that is certainly ours."""

    candidates: tuple[str, ...]
    match: str | None


def judge(
    unclear: UnclearSubmission,
    items: Iterable[HistoryItem],
    *,
    owned: Collection[str],
    window: tuple[datetime, datetime],
) -> Judgement:
    """Return the candidates for a submission, and the only one if all its inputs match.

    Args:
        unclear: The submission.
        items: WaveSpeed's list for its model.
        owned: The predictions that already belong to submissions.
        window: The earliest and latest time at which it may have been created.
    """
    first, last = window
    possible = [
        item
        for item in items
        if item.id not in owned and first <= item.created_at <= last and not differs(unclear.request, item.inputs)
    ]
    only = possible[0] if len(possible) == 1 else None
    ours = only is not None and only.model == unclear.model and matches(unclear.request, only.inputs)
    return Judgement(tuple(item.id for item in possible), only.id if only is not None and ours else None)


def differs(request: Mapping[str, Any], inputs: Mapping[str, Any] | None) -> bool:
    """Return whether a prediction's prompt or seed definitely differs from what was submitted."""
    if inputs is None:
        return False
    sent, prompt = _named(request.get("prompt")), _named(inputs.get("prompt"))
    if sent is not None and prompt is not None and not _same(sent, prompt):
        return True
    sent_seed, seed = _seed(request.get("seed")), _seed(inputs.get("seed"))
    return sent_seed is not None and seed is not None and sent_seed != seed


def matches(request: Mapping[str, Any], inputs: Mapping[str, Any] | None) -> bool:
    """Return whether all of a prediction's inputs match: prompt, images, seed, and all else that both sides have."""
    if not inputs or differs(request, inputs):
        return False
    names = {"prompt", *request, *inputs}
    return all(_fits(name, _named(request.get(name)), _named(inputs.get(name))) for name in names)


def _fits(name: str, sent: Any, shown: Any) -> bool:
    if sent is not None and shown is not None:
        return _seed_fits(sent, shown) if name == "seed" else _same(sent, shown)
    if name == "prompt":
        return False
    # Present on one side only. WaveSpeed fills in defaults and may omit some, but never what identifies it as ours.
    if name == "seed":
        return _seed(sent) is None
    return not (name in _PICTURES or _is_media(sent) or _is_media(shown)) or sent is shown


def _seed_fits(sent: Any, shown: Any) -> bool:
    """Return whether a seed is the one that was sent; a request for a random seed is no evidence."""
    return _seed(sent) is None or _seed(sent) == _seed(shown)


def _named(value: Any) -> Any:
    """Return an input's value; None if it is effectively absent."""
    return None if value is None or value in ("", [], {}) else value


def _seed(value: Any) -> int | None:
    """Return a seed as a number; None if absent or negative, which requests a random one."""
    if isinstance(value, str) and re.fullmatch(r"\d{1,20}", value.strip()):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    whole = isinstance(value, int) or value.is_integer()
    return int(value) if whole and value >= 0 else None


def _same(sent: Any, shown: Any) -> bool:
    """Return whether two values are equal, however JSON and WaveSpeed's forms write them."""
    if isinstance(sent, str) and isinstance(shown, str):
        return sent.split() == shown.split()
    if isinstance(sent, list) != isinstance(shown, list):
        # One image, alone or as a list of one.
        return _same(_listed(sent), _listed(shown))
    if isinstance(sent, list):
        return len(sent) == len(shown) and all(_same(a, b) for a, b in zip(sent, shown, strict=True))
    if isinstance(sent, bool) != isinstance(shown, bool):
        return False
    return bool(sent == shown)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_media(value: Any) -> bool:
    """Return whether an input is the URL of a file, or a list with one."""
    return any(isinstance(one, str) and one.lower().startswith(_MEDIA) for one in _listed(value))
