"""What a question to Grok says besides the caller's words: in which style, for which model; and its variants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from api.catalogue.reading import Catalogue
from api.http.errors import invalid
from promptmill.config.presets import kind_of
from promptmill.contracts.errors import RecordNotFound
from promptmill.contracts.jobs import MediaKind
from promptmill.contracts.prompts import Variant
from promptmill.contracts.styles import BUILT_IN
from promptmill.store import Store
from sql.models import PromptGenerationJob

_NEGATIVE_INPUT: Final = "negative_prompt"
"""What WaveSpeed's models call it."""


async def style_wording(name: str | None, *, owner: str, store: Store) -> str | None:
    """Return what Grok is told for a style.

    Raises:
        Refused: There is none of that name.
    """
    if name is None or name in BUILT_IN:
        return BUILT_IN[name] if name else None
    try:
        return (await store.styles.get(owner, name)).wording
    except RecordNotFound:
        raise invalid("/style", f"There is no style {name}: see GET /api/prompt-styles.") from None


async def target(model: str | None, kind: MediaKind | None, catalogue: Catalogue) -> dict[str, Any]:
    """Return what is known of the model that gets the prompt: what it makes, and whether it takes a negative prompt."""
    if model is None:
        return {"target_model": None, "target_kind": kind, "wants_negative": False}
    entry = (await catalogue.look()).entries.get(model)
    return {
        "target_model": model,
        "target_kind": kind or (entry.kind if entry else kind_of(model)),
        "wants_negative": entry is not None and any(each.name == _NEGATIVE_INPUT for each in entry.inputs),
    }


def variants_of(row: PromptGenerationJob) -> Sequence[Variant]:
    """Return the prompts of a question; one written by an earlier release has its prompt alone."""
    if row.generated_prompt is None:
        return ()
    return [Variant.model_validate(one) for one in row.variants] or [Variant(prompt=row.generated_prompt)]
