"""Lists of jobs: what is shown of each, and the queries that find those of a filter."""

from __future__ import annotations

from typing import Any, Final
from uuid import UUID

from promptmill.contracts.store import JobFilter
from promptmill.store.database import column_list
from sql.models import Job

LISTED_OUTPUT_CHARACTERS: Final = 4_096
"""Longer URLs or texts of outputs (inline media) are left out where many jobs are shown."""

_LISTED_OUTPUTS: Final = f"""
    (SELECT coalesce(jsonb_agg(
        CASE WHEN length(coalesce(o ->> 'url', '')) + length(coalesce(o ->> 'text', '')) > {LISTED_OUTPUT_CHARACTERS}
             THEN o || '{{"url": null, "text": null, "omitted": true}}' ELSE o END ORDER BY place), '[]')
     FROM jsonb_array_elements(outputs) WITH ORDINALITY AS each_output (o, place)) AS "outputs"
"""
LISTED_COLUMNS: Final = column_list(Job).replace('"outputs"', _LISTED_OUTPUTS)
"""The columns of jobs where many are shown: long outputs stay in Postgres."""

_FILTERS: Final = {
    "statuses": "status = ANY (CAST(:statuses AS text[]))",
    "models": "model = ANY (CAST(:models AS text[]))",
    "kind": "kind = :kind",
    "liked": "kept = :liked",
    "min_cost_usd": "media_cost_usd >= CAST(:min_cost_usd AS numeric)",
    "max_cost_usd": "media_cost_usd <= CAST(:max_cost_usd AS numeric)",
    "group": "metadata ->> 'group' = :group",
    "created_after": "created_at > CAST(:created_after AS timestamptz)",
    "created_before": "created_at < CAST(:created_before AS timestamptz)",
    "before": "(created_at, id) < (CAST(:before_at AS timestamptz), CAST(:before_id AS uuid))",
    "batch": "batch_id = CAST(:batch AS uuid)",
    "collection": """id = ANY (ARRAY(
        SELECT o.job_id FROM collection_outputs AS o JOIN collections AS c ON c.id = o.collection_id
        WHERE c.id = :collection AND c.owner = :owner))""",
}
"""A condition for each field of `JobFilter`, used if the field is set."""

_INDEXED: Final = ("statuses", "created_after", "created_before", "before", "collection", "batch")
"""The fields whose jobs an index finds without looking at others."""

_RATED: Final = "kept IS NOT NULL"
"""What `jobs_kept_idx` holds, by owner and time: the liked ones are looked for among these, not among all."""

_IN_COLLECTION: Final = """EXISTS (
    SELECT FROM collection_outputs AS o
    WHERE o.collection_id = (SELECT c.id FROM collections AS c WHERE c.id = :collection AND c.owner = :owner)
      AND o.job_id = id)
"""
"""As the filter `collection`, to be tried on a job that another index has found."""

_BY_TIME: Final = ("created_after", "created_before", "before")
_TAGGED: Final = """
    id = ANY (ARRAY(
        SELECT id FROM (SELECT job_id AS id, job_created_at AS created_at, owner, tag FROM job_tags) AS tagged
        WHERE {by_time} ORDER BY created_at DESC, id DESC LIMIT {most}))
"""
"""The newest jobs with a tag, by `job_tags_owner_idx`: with the times that the list is bounded by, and no more of them
than it looks at."""

_TEXT_FOUND: Final = """
    prompt ILIKE :q OR (original_prompt IS DISTINCT FROM prompt AND original_prompt ILIKE :q) OR instructions ILIKE :q
    OR model ILIKE :q OR prediction_id ILIKE :q
    OR (metadata <> '{}' AND EXISTS (SELECT FROM jsonb_each_text(metadata) AS m WHERE m.value ILIKE :q))
"""
_ID_FOUND: Final = "CAST(id AS text) ILIKE :q OR CAST(prompt_job_id AS text) ILIKE :q"
"""Used if the text can be part of an id: each condition is tried on every job that a search looks at."""

SEARCHED: Final = 10_000
"""How many jobs one search looks at. Looking at all takes seconds once there are a million, and an index of every text
would be written again at each change of a job (docs/decisions/0019-search-without-a-trigram-index.md)."""

_OF_IDS: Final = frozenset("0123456789abcdefABCDEF-")
_NEWEST_FIRST: Final = "ORDER BY created_at DESC, id DESC"


def list_query(owner: str, where: JobFilter) -> tuple[str, dict[str, Any]]:
    """Return the query of an owner's jobs, newest first, and its values."""
    scanned, tried, values = _conditions(owner, where)
    values["limit"] = where.limit
    if not tried:
        return f"SELECT {LISTED_COLUMNS} FROM jobs WHERE {scanned} {_NEWEST_FIRST} LIMIT :limit", values
    found = f"""
        SELECT id FROM (SELECT * FROM jobs WHERE {scanned} {_NEWEST_FIRST} LIMIT {SEARCHED}) AS newest
        WHERE {" AND ".join(tried.values())} {_NEWEST_FIRST} LIMIT :limit
    """
    named = _as_id(where.q) if where.q is not None and where.before is None else None
    if named is not None:
        values["named"] = named
        rest = [scanned, *(condition for name, condition in tried.items() if name != "q")]
        found = f"""
            ({found}) UNION
            SELECT id FROM jobs WHERE (id = :named OR prompt_job_id = :named) AND {" AND ".join(rest)}
        """
    if where.q is not None:
        values["q"] = f"%{_literal(where.q)}%"
    return f"SELECT {LISTED_COLUMNS} FROM jobs WHERE id = ANY (ARRAY({found})) {_NEWEST_FIRST} LIMIT :limit", values


def edge_query(owner: str, where: JobFilter) -> tuple[str, dict[str, Any]] | None:
    """Return the query of creation time and id of the last job that `list_query` looks at; None if it looks at all."""
    scanned, tried, values = _conditions(owner, where)
    if not tried:
        return None
    return f"SELECT created_at, id FROM jobs WHERE {scanned} {_NEWEST_FIRST} OFFSET {SEARCHED - 1} LIMIT 1", values


def _conditions(owner: str, where: JobFilter) -> tuple[str, dict[str, str], dict[str, Any]]:
    """Return the condition that an index serves, those to try on each job that it finds, and the parameters' values."""
    values: dict[str, Any] = where.model_dump(exclude={"limit", "before", "q"}, exclude_defaults=True)
    asked = {name: _FILTERS[name] for name in values if name != "tag"}
    if where.before is not None:
        asked["before"] = _FILTERS["before"]
        values |= {"before_at": where.before[0], "before_id": where.before[1]}
    indexed = [name for name in _INDEXED if name in asked]
    scanned = ["owner = :owner"]
    if where.tag is not None:
        # What the index of tags does not have is tried on the jobs that it finds.
        indexed = [name for name in indexed if name in _BY_TIME]
        if where.collection is not None:
            asked["collection"] = _IN_COLLECTION
    elif where.liked is not None:
        # Of the two indexes, the ratings' is the smaller one; the statuses are tried on what it finds.
        indexed = [name for name in indexed if name != "statuses"]
        scanned.append(_RATED)
    scanned += [asked.pop(name) for name in indexed]
    by_time = list(scanned)
    if where.q is not None:
        asked["q"] = f"({_TEXT_FOUND} OR {_ID_FOUND})" if set(where.q) <= _OF_IDS else f"({_TEXT_FOUND})"
    if where.tag is not None:
        most = str(SEARCHED) if asked else ":limit"
        scanned.append(_TAGGED.format(by_time=" AND ".join(["tag = :tag", *by_time]), most=most))
    return " AND ".join(scanned), asked, {"owner": owner, **values}


def _as_id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def _literal(text: str) -> str:
    """Return a text with LIKE's wildcards escaped."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
