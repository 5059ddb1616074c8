"""No sequence of reports, in whatever order and however often repeated, breaks the rules of the record."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from promptmill.contracts.bills import Bill
from promptmill.contracts.budgets import BudgetPeriod
from promptmill.contracts.errors import RecordConflict
from promptmill.contracts.jobs import FINAL_STATUSES, JobChange, JobStatus, SubmissionState
from promptmill.contracts.prompts import PromptChange, PromptJobStatus
from promptmill.contracts.reconciliation import OpenRow
from promptmill.contracts.resolution import Decision, ResolvedBy
from promptmill.contracts.store import Permission, PromptEnd, PromptFailure, SubmissionIntent, SubmissionOutcome
from promptmill.contracts.usage import TokenUsage
from sql.models import Job, PromptGenerationJob
from tests.fixtures.record import OWNER, Record, accepted, intent, new_id, new_prompt_job, written

pytestmark = pytest.mark.oldest_postgres

PROMPTS = "prompt_generation_jobs"
PRICE = Decimal("0.03")
ACCOUNT = """
    WITH meant AS (
        SELECT j.owner, (s.intended_at AT TIME ZONE 'UTC')::date AS day,
               coalesce(sum(s.reserved_usd) FILTER (WHERE s.state IN ('intended', 'unknown')), 0) AS reserved_usd,
               coalesce(sum(coalesce(s.media_cost_usd, s.reserved_usd))
                        FILTER (WHERE s.state IN ('accepted', 'superseded')), 0) AS spent_usd
        FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id GROUP BY 1, 2)
    SELECT coalesce(t.owner, m.owner) AS owner,
           coalesce(m.reserved_usd, 0) - coalesce(t.reserved_usd, 0) AS reserved_off,
           coalesce(m.spent_usd, 0) - coalesce(t.spent_usd, 0) AS spent_off,
           coalesce(t.reserved_usd + t.spent_usd, 0) AS used
    FROM meant AS m FULL JOIN (
        SELECT owner, day, sum(reserved_usd) AS reserved_usd, sum(spent_usd) AS spent_usd
        FROM spending WHERE provider = 'wavespeed' GROUP BY 1, 2
    ) AS t ON t.owner = m.owner AND t.day = m.day
"""
"""What the submissions mean, minus what the account says, for each owner and day."""

GROK = """
    SELECT coalesce((SELECT sum(cost_usd) FROM prompt_generation_jobs WHERE owner = $1), 0) AS meant,
           coalesce((SELECT sum(spent_usd) FROM spending WHERE owner = $1 AND provider = 'grok'), 0) AS told
"""
"""What an owner's prompt jobs cost, and what the account says of it."""

OUTCOMES = ("accepted", "rejected", "refused", "unknown")
attempt = st.integers(-2, 0)  # 0: the current one; others: late reports of earlier ones
sender = st.integers(-3, -1)  # which of the attempts so far reports

STEP = st.one_of(
    st.tuples(st.sampled_from(["begin", "begin_attempt", "permit", "cancel", "cancel_prompt", "claim"])),
    st.tuples(st.just("permit_again"), sender),
    st.tuples(st.just("advance"), st.sampled_from(JobStatus), st.booleans()),
    # an end, and a different one requested, often enough
    st.tuples(st.just("advance"), st.sampled_from([JobStatus.COMPLETED, JobStatus.FAILED]), st.booleans()),
    st.tuples(st.just("write"), attempt),
    st.tuples(st.just("charge"), attempt),
    st.tuples(st.just("give_up"), attempt),
    st.tuples(st.just("fail"), attempt, st.booleans()),
    st.tuples(st.just("change_prompt"), st.sampled_from(PromptJobStatus)),
    # usually the last sender, so that long stories happen too
    st.tuples(st.just("settle"), st.one_of(st.just(-1), sender), st.sampled_from(OUTCOMES)),
    st.tuples(st.just("settle"), sender, st.just("accepted"), st.sampled_from([None, PRICE, PRICE / 3])),
    st.tuples(st.just("permit_restored"), st.booleans()),
    st.tuples(st.sampled_from(["restart", "pass_deadline", "delete", "turn_intents", "rival"])),
    st.tuples(st.just("webhook"), st.one_of(st.just(-1), sender), st.booleans()),
    st.tuples(st.just("infer"), st.sampled_from([ResolvedBy.HISTORY, ResolvedBy.PERSON]), st.booleans()),
    st.tuples(st.just("permit")),
    st.tuples(st.just("absent"), st.booleans()),
    st.tuples(st.just("candidate")),
    st.tuples(st.just("decide"), st.sampled_from(Decision)),
    st.tuples(st.just("hold"), st.booleans()),
    # of any prediction that has been heard of; again, older or newer than what was seen before
    st.tuples(
        st.just("bill"),
        st.integers(0, 5),
        st.sampled_from([None, Decimal(0), PRICE / 2, PRICE, PRICE * 2]),
        st.sampled_from([Decimal(0), PRICE / 2, PRICE]),
    ),
    # what is left of a budget, in half prices; none: it is removed
    st.tuples(st.just("budget"), st.one_of(st.none(), st.integers(0, 4))),
)
BEGINNINGS: dict[str, list[tuple[Any, ...]]] = {"accepted": [], "prompting": [("begin",)]}
BEGINNINGS["dispatching"] = [("begin",), ("begin_attempt",), ("write", 0)]
BEGINNINGS["sent"] = [*BEGINNINGS["dispatching"], ("permit",)]
BEGINNINGS["unclear"] = [*BEGINNINGS["sent"], ("settle", -1, "unknown")]
BEGINNINGS["given_up"] = [*BEGINNINGS["sent"], ("permit",), ("decide", Decision.RESUBMIT)]
BEGINNINGS["restored"] = [*BEGINNINGS["dispatching"], ("permit_restored", True)]
PREPARED = [*BEGINNINGS, "unclear"]
STORY = st.lists(STEP, min_size=8, max_size=40)  # short ones rarely reach an end and what comes after it


def facts_kept(step: str, old: Job, job: Job) -> set[str]:
    """What a step must not lose."""
    facts = {"prediction_id", "prompt_cost_usd", "media_cost_usd", "prompt"}
    if step in ("rival", "infer"):
        facts -= {"prediction_id"}  # it was a guess, and a fact says that it is another job's
    if step != "bill" and old.media_cost_source == "billed" and job.prediction_id != old.prediction_id:
        facts -= {"media_cost_usd"}  # it was billed for the other prediction
    return facts


@dataclass
class Story:
    """One job through a sequence of reports, and the invariants that must hold."""

    record: Record
    job_id: UUID
    prompt_job_id: UUID
    intents: list[SubmissionIntent] = field(default_factory=list)
    in_flight: set[UUID] = field(default_factory=set)
    """Submissions that were permitted and not reported as having created nothing."""
    predictions: set[str] = field(default_factory=set)
    """Known from facts: the prediction of submission s is `p-s`."""
    guesses: set[str] = field(default_factory=set)
    """Inferred, or possibly so: ids that begin with `q-`."""
    held: bool = False
    limit: Decimal | None = None
    """The owner's budget, of all time."""
    used: Decimal = Decimal(0)
    newly_permitted: bool = False
    seen_last: tuple[Job, PromptGenerationJob] | None = None
    statuses: list[str] = field(default_factory=list)
    """The timeline, as far as it has been read."""
    paid_attempts: set[int] = field(default_factory=set)
    without_prompt: set[int] = field(default_factory=set)
    """Those of them whose answer had no prompt."""
    given_up: bool = False

    async def step(self, name: str, *arguments: Any) -> None:
        before = self.seen_last or await self.look()
        await getattr(self, name)(*arguments)
        self.seen_last = await self.look()
        await self.check(name, before, self.seen_last)

    async def look(self) -> tuple[Job, PromptGenerationJob]:
        store = self.record.store
        return await store.jobs.get(self.job_id), await store.prompts.get(self.prompt_job_id)

    async def check(
        self, step: str, before: tuple[Job, PromptGenerationJob], after: tuple[Job, PromptGenerationJob]
    ) -> None:
        (old, old_prompt), (job, prompt) = before, after
        final = {str(status) for status in FINAL_STATUSES}
        if old.status in final:
            assert job.status == old.status, "a final status was left"
        if old_prompt.status in final:
            assert prompt.status == old_prompt.status, "a prompt job's final status was left"
        if job.status in final:
            assert prompt.status in final, "an ended job has an open prompt job"
            assert job.completed_at is not None
        for name in facts_kept(step, old, job):
            assert getattr(old, name) is None or getattr(job, name) is not None, f"{name} was lost"
        assert not old.outputs or job.outputs, "outputs were lost"
        assert old_prompt.generated_prompt is None or prompt.generated_prompt is not None, "the written prompt was lost"
        assert prompt.attempt_no >= old_prompt.attempt_no
        if job.status == "submit_unknown" != old.status:
            makers = ("permit", "permit_again", "permit_restored", "settle", "rival", "infer")
            assert step in makers, f"{step} made it submit_unknown"
        if old.status == "submit_unknown" and job.status == "dispatching":
            assert step.startswith("permit")
        await self.check_rows(job)
        await self.check_account()

    async def check_account(self) -> None:
        rows = await self.record.hand.fetch(ACCOUNT)
        off = [dict(row) for row in rows if row["reserved_off"] or row["spent_off"]]
        assert not off, "what is reserved and spent differs from the submissions"
        grok = await self.record.hand.fetchrow(GROK, OWNER)
        assert grok["told"] == grok["meant"], "what Grok cost differs from its prompt jobs"
        used = sum((row["used"] for row in rows if row["owner"] == OWNER), grok["told"])
        assert self.limit is None or not self.newly_permitted or used <= self.limit, "a budget was exceeded"
        self.newly_permitted = False
        self.used = used

    async def check_rows(self, job: Job) -> None:
        submissions = await self.record.store.submissions.of_job(self.job_id)
        open_ones = [row for row in submissions if row.state in ("intended", "unknown", "accepted")]
        assert len(open_ones) <= 1, "two submissions may be paid"
        assert self.predictions <= {row.prediction_id for row in submissions}, "an acceptance was lost"
        for row in submissions:
            told = f"p-{row.id}"
            assert told not in self.predictions or row.prediction_id == told, "a guess stands before a fact"
        known = {row.prediction_id for row in submissions} | {one for row in submissions for one in row.candidates}
        if forgotten := self.guesses - known:
            assert forgotten == await self.record.store.resolution.owned([*forgotten]), "what may be paid was forgotten"
        if job.prediction_id is not None:
            assert job.prediction_id in known, "the job has a prediction that none of its submissions has"
        assert self.given_up or len(self.in_flight) <= 1, "two POSTs were permitted"
        events = await self.record.store.jobs.events(self.job_id, after=len(self.statuses))
        first = len(self.statuses) + 1
        assert [event.sequence for event in events] == [*range(first, first + len(events))], "the timeline has a gap"
        self.statuses += [event.status for event in events]
        assert self.statuses[-1] == job.status, "a change was not told"
        ended = [n for n, status in enumerate(self.statuses) if JobStatus(status).final]
        assert len(set(self.statuses[ended[0] :])) == 1 if ended else True, "something was told after the end"

    # -- steps

    async def begin(self) -> None:
        await self.record.store.jobs.begin(self.job_id)

    async def begin_attempt(self) -> None:
        await self.record.store.prompts.begin_attempt(self.prompt_job_id, "grok-4")

    async def _attempt(self, ago: int) -> int:
        row = await self.record.store.prompts.get(self.prompt_job_id)
        return max(row.attempt_no + ago, 0)

    async def write(self, ago: int) -> None:
        number = await self._attempt(ago)
        if number == 0 or number in self.without_prompt:
            return  # nobody was asked, or answered otherwise
        self.paid_attempts.add(number)
        await self.record.store.prompts.finish(written(self.prompt_job_id, number))
        await self._counted()

    async def charge(self, ago: int) -> None:
        """An answer without a prompt is paid for like any other."""
        number = await self._attempt(ago)
        if number == 0 or number in self.paid_attempts - self.without_prompt:
            return
        self.paid_attempts.add(number)
        self.without_prompt.add(number)
        usage = TokenUsage(input_tokens=30, output_tokens=20, cost_usd=Decimal("0.002"))
        await self.record.store.prompts.note_cost(self.prompt_job_id, number, usage)
        await self._counted()

    async def _counted(self) -> None:
        row = await self.record.store.prompts.get(self.prompt_job_id)
        assert row.input_tokens == 30 * len(self.paid_attempts), "tokens were lost, or counted twice"

    async def give_up(self, ago: int) -> None:
        end = PromptEnd(
            prompt_job_id=self.prompt_job_id, attempt_no=await self._attempt(ago), reason_code="grok_refused"
        )
        await self.record.store.prompts.finish(end)

    async def fail(self, ago: int, next_model: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        await self.record.store.prompts.record_failure(
            PromptFailure(
                prompt_job_id=self.prompt_job_id,
                attempt_no=await self._attempt(ago),
                reason_code="grok_unavailable",
                error="503",
                delay_seconds=0,
                next_model="grok-5" if next_model else None,
            )
        )

    async def change_prompt(self, status: PromptJobStatus) -> None:
        row = await self.record.store.prompts.get(self.prompt_job_id)
        if status is PromptJobStatus.COMPLETED and row.generated_prompt is None:
            return  # refused with PM422, tested elsewhere
        await self.record.store.prompts.change(PromptChange(prompt_job_id=self.prompt_job_id, status=status))

    async def advance(self, status: JobStatus, with_outputs: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        outputs = [{"index": 0, "kind": "image", "url": "u"}] if with_outputs else None
        change = {"job_id": self.job_id, "status": status, "outputs": outputs, "error": "e"}
        after = await self.record.store.jobs.advance(JobChange.model_validate(change))
        assert not with_outputs or after.outputs, "outputs were not stored"

    async def cancel(self) -> None:
        job, ask = await self.record.store.jobs.request_cancel(self.job_id, owner="local")
        assert job.status in {"cancelling", *FINAL_STATUSES}
        assert ask or job.status in FINAL_STATUSES

    async def cancel_prompt(self) -> None:
        await self.record.store.prompts.request_cancel(self.prompt_job_id, owner="local")

    async def claim(self) -> None:
        await self.record.hand.execute("UPDATE jobs SET claimed_at = NULL WHERE id = $1", self.job_id)
        for job in await self.record.store.upkeep.claim_stranded_jobs(10):
            assert job.workflow_started_at is None
            assert job.completed_at is None

    async def _permit(self, wish: SubmissionIntent) -> None:
        job = await self.record.store.jobs.get(self.job_id)
        permit = await self.record.store.submissions.permit(wish)
        if permit.permission is Permission.POST:
            assert job.cancel_requested_at is None, "permitted after a cancel"
            assert job.completed_at is None, "permitted after the end"
            assert not self.held or permit.submission_id in self.in_flight, "permitted while submissions are held"
            assert permit.submission_id is not None
            self.newly_permitted = permit.submission_id not in self.in_flight
            self.in_flight.add(permit.submission_id)
        elif permit.permission is Permission.STOP:
            self.in_flight.discard(wish.submission_id)  # the asking worker has sent nothing

    async def permit(self) -> None:
        known = self.intents[-1].submission_id if self.intents and self.intents[-1].submission_id in self.seen else None
        wish = intent(self.job_id, known_submission_id=known, request_hash=new_id().hex, price_usd=PRICE)
        self.intents.append(wish)
        await self._permit(wish)

    @property
    def seen(self) -> set[UUID]:
        """A submission named by heartbeats: only permitted ones."""
        return self.in_flight

    async def permit_again(self, ago: int) -> None:
        """An attempt asks again: a response was lost, or it stalled in between, for any length of time."""
        if len(self.intents) >= -ago:
            await self._permit(self.intents[ago])

    async def permit_restored(self, known: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        wish = intent(self.job_id, request_hash=new_id().hex, known_submission_id=new_id() if known else None)
        self.intents.append(wish)
        await self._permit(wish)

    async def settle(self, ago: int, seen: str, cost: Decimal | None = None) -> None:
        permitted = [wish for wish in self.intents if wish.submission_id in self.in_flight]
        if len(permitted) < -ago:
            return  # only a permitted sender has something to report
        wish = permitted[ago]
        if seen == "accepted":
            prediction = f"p-{wish.submission_id}"
            self.predictions.add(prediction)
            report = accepted(self.job_id, wish.submission_id, prediction, media_cost_usd=cost)
            await self.record.store.submissions.settle(report)
            return
        if f"p-{wish.submission_id}" in self.predictions:
            return  # one POST has one response
        state = SubmissionState.UNKNOWN if seen == "unknown" else SubmissionState.REJECTED
        settled = await self.record.store.submissions.settle(
            SubmissionOutcome(
                submission_id=wish.submission_id, job_id=self.job_id, state=state, final=seen == "refused"
            )
        )
        if state is SubmissionState.REJECTED and settled.state == "rejected":
            self.in_flight.discard(wish.submission_id)

    async def webhook(self, ago: int, forged: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        """WaveSpeed reports a prediction, possibly before the sender does, or long after."""
        permitted = [wish for wish in self.intents if wish.submission_id in self.in_flight]
        if len(permitted) < -ago:
            return
        wish = permitted[ago]
        prediction = f"p-{wish.submission_id}"
        received = await self.record.store.inbox.receive(
            event_id=f"{prediction}-{forged}",
            job_id=self.job_id,
            token="forged" if forged else wish.callback_token,
            body={"id": f"forged-{prediction}" if forged else prediction},
        )
        assert received.token_ok is not forged
        if not forged:
            self.predictions.add(prediction)

    async def infer(self, by: ResolvedBy, contested: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        unclear = await self.record.store.resolution.unclear(self.job_id)
        if unclear is None:
            return
        guess = f"q-{new_id()}"
        row = await self.record.store.resolution.adopt(unclear.submission_id, guess, by)
        if unclear.request_hash == "" and by is ResolvedBy.HISTORY:  # what a backup lost has no request to compare
            assert row.open_submission is SubmissionState.UNKNOWN
            assert row.prediction_id != guess
            return
        self.guesses.add(guess)
        assert row.prediction_id == guess
        assert row.open_submission is SubmissionState.ACCEPTED
        if contested:
            await self.rival()

    async def candidate(self) -> None:
        unclear = await self.record.store.resolution.unclear(self.job_id)
        if unclear is not None:
            guess = f"q-{new_id()}"
            self.guesses.add(guess)
            await self.record.store.resolution.note_candidates(unclear.submission_id, [guess])
            await self.record.store.resolution.note_absent(unclear.submission_id)

    async def absent(self, resubmit: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        """The history proves, possibly wrongly, that nothing was created."""
        unclear = await self.record.store.resolution.unclear(self.job_id)
        if unclear is not None:
            row = await self.record.prove_absent(unclear.submission_id, resubmit=resubmit)
            assert row.open_submission is None
            self.given_up = True

    async def decide(self, decision: Decision) -> None:
        """A person abandons an unclear submission, or adopts a prediction: a second payment is their decision."""
        guess = f"q-{new_id()}" if decision is Decision.ADOPT else None
        before = await self.record.store.jobs.get(self.job_id)
        decided = self.record.store.resolution.decide(self.job_id, "local", decision, guess)
        unclear = await self.record.store.resolution.unclear(self.job_id)
        if before.status != "submit_unknown" or (guess is not None and unclear is None):
            with pytest.raises(RecordConflict, match="Nothing is to be decided"):
                await decided
            return
        job, _ = await decided
        assert decision is Decision.ABANDON or job.deadline_at > job.updated_at
        if guess is not None:
            self.guesses.add(guess)
        self.given_up |= decision is not Decision.ADOPT

    async def rival(self) -> None:
        """Another job's submission proves that the prediction which was guessed here is its own."""
        rows = await self.record.store.submissions.of_job(self.job_id)
        guessed = [row for row in rows if row.prediction_id in self.guesses]
        for row in guessed:
            other = await self.record.dispatching(owner="rival")
            await self.record.store.submissions.settle(accepted(other, new_id(), row.prediction_id))
            assert (await self.record.store.jobs.get(other)).prediction_id == row.prediction_id
            (after,) = [r for r in await self.record.store.submissions.of_job(self.job_id) if r.id == row.id]
            assert (after.state, after.prediction_id) == ("unknown", None)

    async def hold(self, on: bool) -> None:  # noqa: FBT001  # drawn by hypothesis
        operations = self.record.store.operations
        await (operations.hold_submissions("r") if on else operations.release_submissions("r"))
        self.held = on

    async def budget(self, left: int | None) -> None:
        budgets = self.record.store.budgets
        if left is None:
            await budgets.remove(OWNER, BudgetPeriod.TOTAL)
        else:
            await budgets.set(OWNER, BudgetPeriod.TOTAL, self.used + left * PRICE / 2)
        self.limit = None if left is None else self.used + left * PRICE / 2

    async def bill(self, which: int, charged: Decimal | None, refunded: Decimal) -> None:
        """It corrects what its prediction's owner costs, and nothing else."""
        before = await self.record.store.submissions.of_job(self.job_id)
        known = {row.prediction_id for row in before if row.prediction_id} | self.predictions | self.guesses
        prediction_id = ([*sorted(known), "q-nobodys"] * 6)[which]
        job = await self.record.store.jobs.get(self.job_id)
        bill = Bill(prediction_id=prediction_id, charged_usd=charged, refunded_usd=refunded)

        first = await self.record.store.bills.record(bill)

        assert not await self.record.store.bills.record(bill), "the same report is no news"
        after = await self.record.store.submissions.of_job(self.job_id)
        assert [(row.state, row.prediction_id) for row in after] == [(row.state, row.prediction_id) for row in before]
        billed = await self.record.store.jobs.get(self.job_id)
        assert (billed.status, billed.prediction_id) == (job.status, job.prediction_id)
        for old, new in zip(before, after, strict=True):
            if not first or new.prediction_id != prediction_id:
                assert (new.charged_usd, new.media_cost_usd) == (old.charged_usd, old.media_cost_usd)
                continue
            assert (new.charged_usd or 0) >= max(charged or 0, old.charged_usd or 0)
            assert new.refunded_usd == max(refunded, old.refunded_usd)
            if new.charged_usd is not None:
                assert new.media_cost_usd == max(new.charged_usd - new.refunded_usd, 0)
            if new.charged_usd is not None and job.prediction_id == prediction_id:
                assert (billed.media_cost_usd, billed.media_cost_source) == (new.media_cost_usd, "billed")

    async def turn_intents(self) -> None:
        await self.record.hand.execute(
            "UPDATE submissions SET post_before = post_before - interval '1 hour' WHERE job_id = $1", self.job_id
        )
        await self.record.store.resolution.mark_stale_intents_unknown()
        job = await self.record.store.jobs.get(self.job_id)
        states = {row.state for row in await self.record.store.submissions.of_job(self.job_id)}
        assert job.completed_at is None or "intended" not in states, "an ended job's intent is left"

    async def restart(self) -> None:
        row = OpenRow(id=self.job_id, table="jobs", status="", workflow_id="", cancel_requested=False)
        await self.record.store.upkeep.restart(row)

    async def pass_deadline(self) -> None:
        await self.record.shift(self.job_id, "deadline_at", 4000)

    async def delete(self) -> None:
        await self.record.store.upkeep.delete_expired(1)


async def tell(record: Record, story: list[tuple[Any, ...]], prepared: str) -> None:
    """Play a story on a job of its own, after its beginning; each step checks the rules."""
    await record.store.operations.release_submissions("a new story")
    await record.store.budgets.remove(OWNER, BudgetPeriod.TOTAL)
    prompt_job = new_prompt_job()
    job_id = await record.accept(use_ai_prompt=True, prompt_job=prompt_job, prompt=None, prompt_source=None)
    told = Story(record, job_id, prompt_job.id)
    for name, *arguments in BEGINNINGS[prepared]:
        await told.step(name, *arguments)

    for name, *arguments in story:
        await told.step(name, *arguments)

    await record.assert_counters_equal_rows()


@pytest.mark.timeout(600)  # hundreds of stories, each of dozens of steps
@settings(
    max_examples=50,  # on each Postgres; `make drills` tells a thousand
    deadline=None,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),  # shrinking takes too long for a test, and hides the story
    report_multiple_bugs=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(story=STORY, prepared=st.sampled_from(PREPARED))
# an attempt asks again after a person, or the history, has settled its submission
@example(story=[("permit_again", -2)], prepared="given_up")
@example(story=[("permit",), ("absent", True), ("permit_again", -2)], prepared="sent")
@example(story=[("permit",), ("settle", -1, "rejected"), ("permit_again", -3)], prepared="given_up")
# a submission that a backup lost has no request, so the history says nothing of it: be it the only one or not, and
# though its job knows the prediction of an earlier one
@example(story=[("infer", ResolvedBy.HISTORY, False)], prepared="restored")
@example(
    story=[
        ("permit_restored", True),
        ("settle", -1, "accepted"),
        ("decide", Decision.RESUBMIT),
        ("permit_restored", True),
        ("infer", ResolvedBy.HISTORY, False),
    ],
    prepared="given_up",
)
# what was billed for a guessed prediction is not the cost of what is found to be the job's own
@example(
    story=[
        ("infer", ResolvedBy.PERSON, False),
        ("bill", 0, PRICE * 2, PRICE),
        ("rival",),
        ("settle", -1, "accepted"),
        ("bill", 0, PRICE / 2, Decimal(0)),
        ("bill", 0, PRICE / 2, PRICE / 2),
    ],
    prepared="unclear",
)
async def test_no_sequence_of_reports_breaks_the_rules(
    record: Record, story: list[tuple[Any, ...]], prepared: str
) -> None:
    await tell(record, story, prepared)
