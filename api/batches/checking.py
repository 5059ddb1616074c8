"""Judges the rows of a table as `POST /api/jobs/create` would judge each, without any effect.

What is wrong with a row is a fault with its column. What no row can mend is refused at once, with a pointer into the
template: an unknown model, a callback that may not be called, a parent that does not exist.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, NamedTuple

from pydantic import ValidationError

from api.access.limits import Limits
from api.batches.looking import Look, Looker, Named, files_of
from api.catalogue.entries import Entry
from api.catalogue.reading import Catalogue
from api.http.errors import MAX_ERRORS, FieldError, Refused, invalid, pointer_to
from api.jobs.acceptance import References, job_of, judged, references_of
from api.jobs.inputs import refusal_by_list
from api.jobs.pictures import Placement
from api.jobs.urls import refuse_addresses
from api.schemas.catalogue import AskPrice
from api.schemas.jobs import CreateJob
from promptmill.batches.filling import FIELDS, IMAGE, IMAGES, LABEL, PROMPT, fill
from promptmill.batches.rows import Fault, FilledRow, Line
from promptmill.config.settings import Settings
from promptmill.contracts.catalogue import ModelInput
from promptmill.contracts.store import NewJob
from promptmill.store import Store

TEMPLATE: Final = "/template"
"""Where the template stands in a request."""

_TURN_ROWS: Final = 50
"""After so many rows, other requests get their turn."""

_COLUMNS: Final = {field: column for column, field in FIELDS.items()} | dict.fromkeys(
    ("useAiPrompt", "operation", "onPromptFailure"), PROMPT
)
"""Fields of a job by which a row is judged, and the column at fault. The last three may miss a prompt."""

_OF_A_ROW: Final = frozenset({"invalid_request", "limit_exceeded"})
"""Codes of refusals that another row may not have."""


@dataclass(frozen=True)
class CheckedRow:
    """A row that acceptance would take, and the job that it would make of it. Nothing is said about budgets."""

    row: FilledRow
    job: NewJob


@dataclass(frozen=True)
class Checker:
    """Checks tables for one owner."""

    owner: str
    key_id: str | None
    settings: Settings
    store: Store
    catalogue: Catalogue
    limits: Limits
    looker: Looker

    def refuse_callback(self, url: str | None) -> None:
        """Check that a batch's callback may be sent there.

        Raises:
            Refused: With a pointer to it.
        """
        addresses = iter([] if url is None else [(("callbackUrl",), url)])
        refuse_addresses(addresses, allow_private=self.settings.allow_private_addresses)

    async def rows(
        self,
        template: Mapping[str, Any],
        lines: Callable[[], Iterable[Line | Fault]],
        *,
        known: Container[str] = (),
    ) -> AsyncIterator[CheckedRow | Fault]:
        """Check rows one by one; the record is asked only once. Memory grows only with the files that they name.

        Args:
            template: The body of a job to create, with words in its texts.
            lines: Returns what the source gives, each time from its beginning.
            known: Keys of rows that were taken before: their files may have gone since, and are not looked at.

        Raises:
            Refused: The template is at fault, or WaveSpeed's list of models cannot be read.
            RecordUnavailable: Postgres is unavailable.
        """
        refuse_template(template, filled_by_rows=True)
        inputs, others = await self._inputs(template)
        references = None

        def rows() -> AsyncIterator[FilledRow | Fault]:
            return _in_turns(fill(template, lines(), inputs, others=others))

        looks = await self._looks(template, rows(), inputs or {}, known)
        async for filled in rows():
            found = [filled] if isinstance(filled, Fault) else await self._seen_and_judged(filled, looks.of(filled))
            for one in found:
                if isinstance(one, Fault):
                    yield one
                    continue
                # No column names a parent, a prompt job or a style: those of one row are those of all.
                references = references or await self.references(one.request)
                yield CheckedRow(one.row, await self._job(one, references))

    async def _inputs(self, template: Mapping[str, Any]) -> tuple[dict[str, ModelInput | None] | None, bool]:
        """Return the model's inputs, and whether others may be sent; None if none is known."""
        model, unknown_allowed = template["model"], template.get("allowUnknownModel", False)
        entry = None if unknown_allowed else await self.catalogue.find(model)
        models = await self.catalogue.look()
        asked = AskPrice.model_validate({"model": model, "allowUnknownModel": unknown_allowed})
        refusal = refusal_by_list(asked, {}, models, whole=False)
        if refusal is not None:
            raise in_template(refusal)
        entry = models.entries.get(model, entry)
        if entry is None:
            return None, True
        return _columns(entry), unknown_allowed or not entry.listed_inputs

    async def _looks(
        self,
        template: Mapping[str, Any],
        rows: AsyncIterator[FilledRow | Fault],
        inputs: Mapping[str, ModelInput | None],
        known: Container[str],
    ) -> _Looks:
        """Look at the files that rows name, those among them that the template gives them.

        Raises:
            Refused: One that the template names is not what the model takes.
        """
        files: dict[Named, None] = {}
        async for row in rows:
            if isinstance(row, FilledRow) and row.key not in known:
                files |= dict.fromkeys(files_of(row.body, inputs))
        looks = await self.looker.look(files)
        for file in files_of(template, inputs):
            fault = looks[file].fault if file in looks else None
            if fault is not None:
                place = (FIELDS[file.column],) if file.column in FIELDS else ("input", file.column)
                raise in_template(invalid(pointer_to(place), fault))
        return _Looks(looks, inputs, known)

    async def _seen_and_judged(self, row: FilledRow, seen: Mapping[Named, Look]) -> Sequence[_Judged | Fault]:
        """Judge a row, with what was seen of its files."""
        wrong = [
            Fault.of(row.number, file.column, look.fault, value=file.url) for file, look in seen.items() if look.fault
        ]
        found = await self._judged(row)
        if wrong:
            return [*(one for one in found if isinstance(one, Fault)), *wrong]
        unseen = dict.fromkeys(
            f"{file.column} was not looked at: {look.unseen}." for file, look in seen.items() if look.unseen
        )
        return [one if isinstance(one, Fault) else one.warned(unseen) for one in found]

    async def _judged(self, row: FilledRow) -> Sequence[_Judged | Fault]:
        try:
            request = CreateJob.model_validate(row.body)
        except ValidationError as error:
            return _faults(row, [_field_error(one) for one in error.errors(include_url=False)])
        try:
            pictures = await judged(
                request, for_grok=request.use_ai_prompt, settings=self.settings, catalogue=self.catalogue
            )
            if pictures.refusal is not None:
                raise pictures.refusal
            await self.limits.check(
                self.owner, None, model=request.model, priority=request.priority, inputs=pictures.input
            )
        except Refused as refusal:
            if refusal.code not in _OF_A_ROW:
                raise in_template(refusal) from None
            return _faults(row, refusal.errors, code=refusal.code)
        return [*_unused_pictures(row, request, pictures)] or [_Judged(row, request, pictures)]

    async def references(self, request: CreateJob) -> References:
        """Return what a request names in the record.

        Raises:
            Refused: There is none of that name, with a pointer into the template.
        """
        try:
            return await references_of(request, owner=self.owner, store=self.store)
        except Refused as refusal:
            raise in_template(refusal) from None

    async def _job(self, judged: _Judged, references: References) -> NewJob:
        return await job_of(
            judged.request,
            judged.pictures,
            references,
            owner=self.owner,
            key_id=self.key_id,
            settings=self.settings,
            catalogue=self.catalogue,
        )


class _Judged(NamedTuple):
    """A row in which nothing is wrong."""

    row: FilledRow
    request: CreateJob
    pictures: Placement

    def warned(self, warnings: Iterable[str]) -> _Judged:
        """Return it with more warnings."""
        return self._replace(pictures=replace(self.pictures, warnings=(*self.pictures.warnings, *warnings)))


@dataclass(frozen=True)
class _Looks:
    """What was seen of a table's files; `inputs` are those of its model, `known` the keys of rows not looked at."""

    looks: Mapping[Named, Look]
    inputs: Mapping[str, ModelInput | None]
    known: Container[str]

    def of(self, row: FilledRow | Fault) -> dict[Named, Look]:
        """Return what was seen of a row's files."""
        if isinstance(row, Fault) or not self.looks or row.key in self.known:
            return {}
        return {file: self.looks[file] for file in files_of(row.body, self.inputs)}


async def _in_turns(filled: Iterable[FilledRow | Fault]) -> AsyncIterator[FilledRow | Fault]:
    """Pass rows on, and let other requests get their turn."""
    for place, row in enumerate(filled, 1):
        if place % _TURN_ROWS == 0:
            await asyncio.sleep(0)
        yield row


def refuse_template(template: Mapping[str, Any], *, filled_by_rows: bool) -> None:
    """Refuse a template that is no body of a job, or none whatever its rows are.

    Raises:
        Refused: With a pointer to each field at fault.
    """
    try:
        CreateJob.model_validate(template)
    except ValidationError as error:
        wrong = [one for one in error.errors(include_url=False) if not (filled_by_rows and _may_be_mended(one))]
        errors = [_field_error(one) for one in wrong[:MAX_ERRORS]]
        if errors:
            refusal = Refused("invalid_request", f"{errors[0].pointer}: {errors[0].message}", errors=errors)
            raise in_template(refusal) from None


def _may_be_mended(found: Mapping[str, Any]) -> bool:
    """Whether a row may bring what the template lacks: a prompt, or a picture."""
    return found["type"] == "refused" and found["loc"][0] in _COLUMNS


def _columns(entry: Entry) -> dict[str, ModelInput | None]:
    sent_too = dict.fromkeys(entry.defaults)
    return sent_too | {each.name: each for each in entry.inputs}


def _field_error(found: Mapping[str, Any]) -> FieldError:
    return FieldError(pointer=pointer_to(found["loc"]), message=str(found["msg"]))


def _faults(row: FilledRow, errors: Sequence[FieldError], *, code: str = "invalid_request") -> list[Fault]:
    """Return what is wrong with a row, by its columns.

    Raises:
        Refused: Something is wrong that is no column's.
    """
    found = []
    for error in errors:
        column = _column(error.pointer)
        if column is None:
            raise in_template(Refused(code, f"{error.pointer}: {error.message}", errors=[error]))
        found.append(Fault.of(row.number, column, error.message, value=row.values.get(column)))
    return found


def _column(pointer: str) -> str | None:
    """Return the column that is at fault if a field of a row's body is; None if no column can be."""
    field, *rest = (part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:])
    if field == "input":
        return rest[0] if rest else "input"
    if field == "metadata":
        return LABEL + (rest[0] if rest else "*")
    return _COLUMNS.get(field)


def _unused_pictures(row: FilledRow, request: CreateJob, pictures: Placement) -> Iterator[Fault]:
    """Find a row's pictures that nobody would see: a single job warns of that, but here nobody reads each warning."""
    if request.use_ai_prompt:
        return
    column = next((name for name in (IMAGE, IMAGES) if name in row.values), None)
    if column is not None:
        for warning in pictures.warnings:
            yield Fault.of(row.number, column, warning, value=row.values[column])


def in_template(refusal: Refused) -> Refused:
    """Return a refusal of a job's body as one of a template."""
    errors = [FieldError(pointer=TEMPLATE + one.pointer, message=one.message) for one in refusal.errors]
    detail = f"{errors[0].pointer}: {errors[0].message}" if errors else refusal.detail
    return Refused(refusal.code, detail, errors=errors, headers=refusal.headers)
