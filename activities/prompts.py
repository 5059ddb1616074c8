"""Grok: writing prompts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from temporalio import activity

from activities.heartbeats import heartbeats
from activities.persistence import insist
from activities.prompt_texts import question_text, system_text
from promptmill.contracts.errors import (
    ProviderAnswerUnusable,
    ProviderError,
    ProviderModelUnavailable,
    ProviderRefused,
    ProviderUnavailable,
    RecordUnavailable,
    StageStopped,
)
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.prompts import PromptJobStatus, PromptRequest, PromptResult, PromptSource
from promptmill.contracts.store import AttemptDecision, PromptAttempt, PromptEnd, PromptFailure
from promptmill.job_lines import job_changed, prompt_job_changed
from promptmill.metrics import late_answers
from promptmill.providers.grok.client import GrokAnswer, GrokClient, GrokQuestion
from promptmill.providers.http.answers import MAX_WAIT
from promptmill.store import Store

FIRST_DELAY_SECONDS = 1.0
MAX_DELAY_SECONDS = 30.0
_AT_ONCE = timedelta(milliseconds=1)

UNUSABLE_RETRIES = 1
"""Retries of one model after a response without a prompt. Each is charged: one may be bad luck, but a model that fails
twice in a row will keep failing, while the next model may not."""


@dataclass(frozen=True)
class PromptActivities:
    """Writes prompts. The row counts xAI's failures; Temporal does the waiting."""

    grok: GrokClient
    store: Store
    models: tuple[str, ...]

    @activity.defn
    async def write_prompt(self, request: PromptRequest) -> PromptResult:
        """Ask Grok once, store the answer in the same step and return it.

        Safe to repeat: a stored result is returned without another request. Before that a repeat is not free: a
        response that never arrived may have been charged by xAI (fractions of a cent).

        Raises:
            StageStopped: The row has ended, was cancelled or is past its deadline.
            ProviderUnavailable: Temporary; retry after `retry_after`.
            ProviderRefused: xAI refused, or all models and retries are exhausted.
        """
        attempt = await self.store.prompts.begin_attempt(request.prompt_job_id, self.models[0])
        if attempt.decision is AttemptDecision.DONE and attempt.result is not None:
            return attempt.result
        if attempt.decision is not AttemptDecision.GO or attempt.request is None:
            raise _ended(attempt)
        request = attempt.request
        _tell_begun(request, attempt)
        async with heartbeats():
            try:
                answer = await self.grok.write(_question(request, attempt.model))
            except ProviderError as error:
                await self._fail_over(request, attempt, error)
            return await self._keep(request, attempt, answer)

    async def _keep(self, request: PromptRequest, attempt: PromptAttempt, answer: GrokAnswer) -> PromptResult:
        first = attempt.model == self.models[0]
        result = PromptResult(
            prompt_job_id=request.prompt_job_id,
            prompt=answer.prompt,
            variants=answer.variants,
            source=PromptSource.GROK if first else PromptSource.GROK_FALLBACK,
            grok_model=answer.model,
            input_tokens=answer.input_tokens,
            output_tokens=answer.output_tokens,
            cost_usd=answer.cost_usd,
            attempt_no=attempt.attempt_no,
        )
        end = PromptEnd(prompt_job_id=request.prompt_job_id, attempt_no=attempt.attempt_no, result=result)
        try:
            row = await insist(lambda: self.store.prompts.finish(end))
        except RecordUnavailable:
            return result.model_copy(update={"recorded": False})
        if row.answered_late(attempt.attempt_no):
            late_answers.labels("grok").inc()
        prompt_job_changed(
            request.prompt_job_id, PromptJobStatus.COMPLETED, model=answer.model, cost_usd=answer.cost_usd
        )
        return result

    async def _fail_over(self, request: PromptRequest, attempt: PromptAttempt, error: ProviderError) -> NoReturn:
        """Record a failure and raise what follows: retry the same model later, the next one now, or give up."""
        usage = error.usage
        if usage is not None:
            await insist(lambda: self.store.prompts.note_cost(request.prompt_job_id, attempt.attempt_no, usage))
        next_model = self._after(attempt.model)
        # A very long wait is only worth it if there is no other model to ask.
        too_long = next_model is not None and (error.retry_after or _AT_ONCE) > MAX_WAIT
        if error.retryable and attempt.retry_count < _retries(attempt, error) and not too_long:
            delay = _delay(attempt.retry_count, error.retry_after)
            await self._record_failure(request, attempt, error, delay, None)
            raise ProviderUnavailable(error.reason_code, str(error), retry_after=delay)
        if next_model and (error.retryable or isinstance(error, ProviderModelUnavailable)):
            await self._record_failure(request, attempt, error, _AT_ONCE, next_model)
            raise ProviderUnavailable(error.reason_code, str(error), retry_after=_AT_ONCE)
        end = PromptEnd(
            prompt_job_id=request.prompt_job_id,
            attempt_no=attempt.attempt_no,
            reason_code=error.reason_code,
            error=str(error),
        )
        await self.store.prompts.finish(end)
        if request.job_id is not None:  # of one that stands alone the workflow tells it
            prompt_job_changed(request.prompt_job_id, PromptJobStatus.FAILED, reason_code=error.reason_code)
        raise ProviderRefused(error.reason_code, str(error)) from error

    async def _record_failure(
        self,
        request: PromptRequest,
        attempt: PromptAttempt,
        error: ProviderError,
        delay: timedelta,
        next_model: str | None,
    ) -> None:
        failure = PromptFailure(
            prompt_job_id=request.prompt_job_id,
            attempt_no=attempt.attempt_no,
            reason_code=error.reason_code,
            error=str(error),
            delay_seconds=delay.total_seconds(),
            next_model=next_model,
        )
        await self.store.prompts.record_failure(failure)

    def _after(self, model: str) -> str | None:
        """Return the model to fall back to; for one that is no longer configured, the first."""
        if model not in self.models:
            return self.models[0]
        rest = self.models[self.models.index(model) + 1 :]
        return rest[0] if rest else None


def _tell_begun(request: PromptRequest, attempt: PromptAttempt) -> None:
    """Write the line of the first attempt: of the job that needs the prompt, or of the prompt job that stands alone."""
    if attempt.attempt_no > 1:
        return
    if request.job_id is None:
        prompt_job_changed(request.prompt_job_id, PromptJobStatus.PROCESSING)
    else:
        job_changed(request.job_id, JobStatus.PROMPTING, prompt_job_id=request.prompt_job_id)


def _ended(attempt: PromptAttempt) -> StageStopped | ProviderRefused:
    """Return why Grok is not asked. A refusal is raised again: the worker that recorded it may have died."""
    reason = attempt.reason_code
    if reason is not None and reason.startswith("grok_"):
        return ProviderRefused(reason, attempt.error or "")
    return StageStopped(reason, attempt.error)


def _question(request: PromptRequest, model: str) -> GrokQuestion:
    pictures = (*request.ref_urls, *((request.target_url,) if request.target_url else ()))
    return GrokQuestion(
        model=model,
        system=system_text(request),
        text=question_text(request),
        picture_urls=pictures,
        variants=request.wanted_variants,
        negative=request.wants_negative,
    )


def _retries(attempt: PromptAttempt, error: ProviderError) -> int:
    """Return how often the same model may be retried after such a failure."""
    unusable = isinstance(error, ProviderAnswerUnusable)
    return min(attempt.max_retries, UNUSABLE_RETRIES) if unusable else attempt.max_retries


def _delay(failures: int, retry_after: timedelta | None) -> timedelta:
    """Return the delay after that many earlier failures: doubling, unless xAI requested one, which is capped."""
    if retry_after is not None:
        return min(retry_after, MAX_WAIT)
    return timedelta(seconds=min(FIRST_DELAY_SECONDS * 2**failures, MAX_DELAY_SECONDS))
