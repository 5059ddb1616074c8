"""The page's vocabulary, assembled from where each word and limit is defined."""

from __future__ import annotations

from functools import cache
from typing import Final

from api.schemas.fields import (
    DEADLINE_SECONDS,
    INSTRUCTIONS_CHARACTERS,
    PRIORITY,
    PROMPT_CHARACTERS,
    REF_URLS,
    SEARCH_CHARACTERS,
    Range,
)
from api.schemas.jobs import JOBS_AT_ONCE, REFUSED_INPUTS
from api.schemas.prompt_queue import REASON_CHARACTERS
from api.schemas.vocabulary import BatchLimits, Limits, RangeAnswer, RoleWords, StatusGroup, StatusWords, Vocabulary
from api.uploads.pictures import PICTURE_TYPES
from promptmill.batches.rows import CELL_CHARACTERS, MOST_COLUMNS
from promptmill.contracts.access import ROLES
from promptmill.contracts.batches import MOST_OPEN, MOST_PROPOSED, MOST_ROWS
from promptmill.contracts.catalogue import MODEL_PATTERN
from promptmill.contracts.jobs import JobStatus

_WORDS: Final[dict[JobStatus, tuple[str, str]]] = {
    JobStatus.QUEUED: ("Queued", "waiting"),
    JobStatus.PROMPTING: ("Writing", "writing"),
    JobStatus.DISPATCHING: ("Submitting", "waiting"),
    JobStatus.SUBMIT_UNKNOWN: ("Unclear", "unclear"),
    JobStatus.GENERATING: ("Generating", "generating"),
    JobStatus.CANCELLING: ("Cancelling", "cancelled"),
    JobStatus.COMPLETED: ("Done", "done"),
    JobStatus.FAILED: ("Failed", "failed"),
    JobStatus.CANCELLED: ("Cancelled", "cancelled"),
    JobStatus.EXPIRED: ("Expired", "failed"),
    JobStatus.TERMINATED: ("Ended", "failed"),
}
"""The label and the group of each status."""

_GROUPS: Final = {
    "waiting": "Waiting",
    "writing": "Writing",
    "generating": "Generating",
    "unclear": "Needs you",
    "done": "Done",
    "failed": "Failed",
    "cancelled": "Cancelled",
}


@cache
def vocabulary() -> Vocabulary:
    """Return the words and limits of this version."""
    return Vocabulary(
        statuses=[_status(status) for status in JobStatus],
        groups=[StatusGroup(id=name, name=title) for name, title in _GROUPS.items()],
        roles=[RoleWords(role=role, scopes=sorted(scopes)) for role, scopes in ROLES.items()],
        limits=Limits(
            prompt_characters=PROMPT_CHARACTERS,
            instructions_characters=INSTRUCTIONS_CHARACTERS,
            search_characters=SEARCH_CHARACTERS,
            rating_reason_characters=REASON_CHARACTERS,
            references=REF_URLS,
            jobs_at_once=JOBS_AT_ONCE,
            priority=_range(PRIORITY),
            deadline_seconds=_range(DEADLINE_SECONDS),
            batches=BatchLimits(
                rows=MOST_ROWS,
                columns=MOST_COLUMNS,
                cell_characters=CELL_CHARACTERS,
                open=MOST_OPEN,
                proposed=MOST_PROPOSED,
            ),
        ),
        model_pattern=MODEL_PATTERN,
        refused_inputs=REFUSED_INPUTS,
        upload_types=list(PICTURE_TYPES),
    )


def _status(status: JobStatus) -> StatusWords:
    word, group = _WORDS[status]
    return StatusWords(status=status, word=word, final=status.final, group=group)


def _range(values: Range) -> RangeAnswer:
    return RangeAnswer(minimum=values.minimum, maximum=values.maximum, usual=values.usual)
