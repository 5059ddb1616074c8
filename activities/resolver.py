"""One attempt to resolve an unclear submission. `docs/architecture.md` has the rules.

The history is inference: it settles a submission only if it is unambiguous. Anything else stays unclear, and
says why.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from activities.matching import Judgement, judge, matches
from promptmill.contracts.errors import ProviderError, RecordConflict
from promptmill.contracts.jobs import JobSnapshot, SubmissionState
from promptmill.contracts.resolution import ResolvedBy, UnclearSubmission
from promptmill.providers.wavespeed.client import HistoryItem, WaveSpeedClient
from promptmill.providers.wavespeed.predictions import RETENTION
from promptmill.store import Store

CLOCKS_DIFFER: Final = timedelta(minutes=5)
"""How far WaveSpeed's clock may differ from ours: the window is widened by this on both sides."""

GIVEN_UP: Final = "A person has given it up."

_FIRST_LOOKS: Final = (2, 5, 10, 20, 40)
_YOUNG: Final = timedelta(minutes=15)
_LEAST: Final = timedelta(milliseconds=100)


class Look(NamedTuple):
    """The result of one attempt: the job's row if the submission is settled, otherwise why not and when to retry."""

    row: JobSnapshot | None
    why: str = ""
    again: timedelta = timedelta()


@dataclass(frozen=True)
class Resolver:
    """Searches WaveSpeed's history for unclear submissions.

    Attributes:
        submit_timeout: Total timeout of a POST.
        absent_after: How long after the POST's latest possible end the history is considered complete; and how much
            later it must be read again to prove absence.
        resubmit_when_absent: Whether a job is resubmitted once absence is proved, instead of failing.
    """

    wavespeed: WaveSpeedClient
    store: Store
    submit_timeout: timedelta
    absent_after: timedelta
    resubmit_when_absent: bool

    async def look(self, unclear: UnclearSubmission) -> Look:
        """Search once; settle the submission if possible. Safe to repeat.

        Raises:
            RecordUnavailable: Postgres is unavailable.
        """
        # By the record's clock, like all times that it is compared with: this worker's clock may be off by minutes.
        read_at = unclear.asked_at
        ours = (self.wavespeed.base, self.wavespeed.key_fingerprint)
        if (unclear.provider_base, unclear.key_fingerprint) != ours:
            return _later(
                unclear, read_at, "It was sent with a different key, or to a different address, than this worker's."
            )
        window = (unclear.sent_from - CLOCKS_DIFFER, unclear.sent_until + self.submit_timeout + CLOCKS_DIFFER)
        if read_at > window[0] + RETENTION:
            return _later(unclear, read_at, "It is older than WaveSpeed's history. A person must decide.")
        try:
            items = await self._read(unclear.model, window)
            owned = await self.store.resolution.owned([item.id for item in items])
            judgement = judge(unclear, items, owned=owned, window=window)
            if judgement.candidates:
                return await self._consider(unclear, items, judgement, read_at)
            return await self._doubt(unclear, {item.id for item in items}, owned, read_at)
        except ProviderError as error:
            return _later(unclear, read_at, str(error))
        except RecordConflict as conflict:
            # Something else settled it first: the next attempt reads the current record.
            return Look(None, str(conflict), timedelta(seconds=_FIRST_LOOKS[0]))

    async def _read(self, model: str, window: tuple[datetime, datetime]) -> list[HistoryItem]:
        return await self.wavespeed.history(model=model, created_after=window[0], created_before=window[1])

    async def _consider(
        self, unclear: UnclearSubmission, items: Collection[HistoryItem], judgement: Judgement, read_at: datetime
    ) -> Look:
        """Adopt the one prediction that matches in everything; otherwise keep the candidates for a person."""
        resolution = self.store.resolution
        await resolution.note_present(unclear.submission_id)
        if set(judgement.candidates) - set(unclear.candidates):
            await resolution.note_candidates(unclear.submission_id, judgement.candidates)
        if unclear.given_up:
            return _later(unclear, read_at, GIVEN_UP)
        match = next((item for item in items if item.id == judgement.match), None)
        if match is not None and not unclear.others_open and not await self._fits_another(unclear, match):
            row = await resolution.adopt(unclear.submission_id, match.id, ResolvedBy.HISTORY)
            if row.open_submission is not SubmissionState.UNKNOWN:
                return Look(row)
        shown = ", ".join(judgement.candidates[:3])
        return _later(
            unclear, read_at, f"WaveSpeed predictions that it may have created: {shown}. A person must decide."
        )

    async def _fits_another(self, unclear: UnclearSubmission, match: HistoryItem) -> bool:
        """Return whether another unclear submission may have created it: also one whose request was erased or lost."""
        others = await self.store.resolution.other_requests(unclear.submission_id, unclear.model, match.created_at)
        return any(not request or matches(request, match.inputs) for request in others)

    async def _doubt(
        self, unclear: UnclearSubmission, shown: Collection[str], owned: Collection[str], read_at: datetime
    ) -> Look:
        """Take one step towards proving that WaveSpeed never received it: nothing in the history matches."""
        if unclear.given_up:
            return _later(unclear, read_at, GIVEN_UP)
        resolution = self.store.resolution
        vanished = set(unclear.candidates) - set(shown)
        if vanished - await resolution.owned([*vanished]):
            return _later(unclear, read_at, "WaveSpeed's history listed it before, but no longer does.")
        due = unclear.sent_until + self.submit_timeout + self.absent_after
        if read_at < due:
            return _later(unclear, read_at, "WaveSpeed's history does not list it yet.", due)
        if not owned and not await self._shows_another(unclear):
            return await self._unproved(unclear, read_at)
        due = await resolution.note_absent(unclear.submission_id) + self.absent_after
        if read_at < due:
            return _later(unclear, read_at, "WaveSpeed's history does not list it; it will be read once more.", due)
        row = await resolution.prove_absent(unclear.submission_id, resubmit=self.resubmit_when_absent)
        return Look(row)

    async def _shows_another(self, unclear: UnclearSubmission) -> bool:
        """Return whether the history lists a prediction that we know: an empty list proves nothing.

        Raises:
            ProviderError: It could not be read.
        """
        known = await self.store.resolution.known_prediction(
            unclear.provider_base, unclear.key_fingerprint, other_than_job=unclear.job_id
        )
        if known is None:
            return False
        prediction_id, model, accepted_at = known
        # We may have learned of it long after it was created; WaveSpeed knows when.
        made_at = (await self.wavespeed.result(prediction_id)).created_at or accepted_at
        items = await self._read(model, (made_at - CLOCKS_DIFFER, made_at + CLOCKS_DIFFER))
        return any(item.id == prediction_id for item in items)

    async def _unproved(self, unclear: UnclearSubmission, read_at: datetime) -> Look:
        why = (
            "WaveSpeed's history lists neither it nor any prediction that we know, so its absence proves nothing. "
            "A person must decide."
        )
        await self.store.resolution.note_obstacle(unclear.submission_id, why)
        return _later(unclear, read_at, why)


def wait_after(age: timedelta) -> timedelta:
    """Return when to search again for a submission of that age: soon at first, then less and less often."""
    passed = 0
    for seconds in _FIRST_LOOKS:
        passed += seconds
        if age < timedelta(seconds=passed):
            return timedelta(seconds=seconds)
    if age < _YOUNG:
        return timedelta(minutes=1)
    return timedelta(minutes=10) if age < RETENTION else timedelta(hours=6)


def _later(unclear: UnclearSubmission, read_at: datetime, why: str, due: datetime | None = None) -> Look:
    """Leave it unclear; the next search is due by age, or when absence can be proved if that is sooner."""
    wait = wait_after(read_at - unclear.sent_from)
    return Look(None, why, wait if due is None else max(min(wait, due - read_at), _LEAST))
