"""Turns a caller's changes to a job that waits into what the record stores, checked as a new job's request is."""

from __future__ import annotations

from typing import Any, Final

from api.catalogue.reading import Catalogue
from api.http.errors import invalid
from api.jobs.acceptance import judged
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import ChangeJob
from promptmill.config.presets import kind_of
from promptmill.config.settings import Settings
from promptmill.contracts.store import JobEdit
from sql.models import Job

_REQUEST: Final = frozenset({"input", "target_url", "ref_urls"})
"""What one of these replaces, all do: the images of the record's input cannot be told from the caller's own values."""

MEANWHILE: Final = "changed_meanwhile"
"""The conflict of a change that was checked with a row that has been written since."""

_PLAIN: Final = frozenset({"model", "prompt", "priority", "max_price_usd"})


async def job_edit(wanted: ChangeJob, job: Job, *, settings: Settings, catalogue: Catalogue) -> JobEdit:
    """Return what changes in a job's row.

    Raises:
        Refused: The job would not be valid as a new one, or would make another kind of media.
    """
    given = wanted.model_fields_set
    changed: dict[str, Any] = {name: getattr(wanted, name) for name in given & _PLAIN}
    if wanted.model is not None and kind_of(wanted.model) != job.kind:
        raise invalid("/model", f"This job makes {job.kind}s, and {wanted.model} does not: create another job.")
    if given & (_REQUEST | {"model"}):
        asked = _asked(wanted, job, anew=bool(given & _REQUEST))
        pictures = await judged(asked, for_grok=job.use_ai_prompt, settings=settings, catalogue=catalogue)
        if pictures.refusal is not None:
            raise pictures.refusal
        # What was checked is a whole: of two changes at once, none is combined with what it was not checked with.
        changed["seen_at"] = job.updated_at
        if (
            given & _REQUEST or pictures.input != job.input
        ):  # the images that another model takes may be in another field
            changed |= {
                "input": pictures.input,
                "target_url": asked.target_url,
                "ref_urls": tuple(asked.ref_urls),
                "warnings": pictures.warnings,
            }
    return JobEdit(**changed)


def _asked(wanted: ChangeJob, job: Job, *, anew: bool) -> AskPrice:
    """Return what the job would ask of WaveSpeed; without new inputs, those of its row, which may have its images."""
    return AskPrice.model_construct(
        model=wanted.model or job.model,
        input=(wanted.input or {}) if anew else job.input,
        target_url=wanted.target_url if anew else job.target_url,
        ref_urls=wanted.ref_urls if anew else job.ref_urls,
        allow_unknown_model=wanted.allow_unknown_model,
    )
