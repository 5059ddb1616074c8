"""The installation's figures as Prometheus's gauges.

Every API shows the same, so they are never summed over instances: `max by (…)` takes one of them. What is unknown
because its source is away is NaN, and the source's `…_up` is 0: a gauge that vanished would end its alert.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from operator import attrgetter
from typing import Final

from prometheus_client.metrics_core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from api.installation.figures import Figures, Record
from promptmill.contracts.jobs import FINAL_STATUSES, JobStatus
from promptmill.contracts.outputs import OutputStock
from promptmill.contracts.prompts import PromptJobStatus
from promptmill.store.monitoring import BOUNDS, ENDED_MINUTES
from promptmill.store.operations import AI_PROMPTS, DRAIN, OFF, ON, SUBMISSIONS_HELD

PROVIDERS: Final = ("wavespeed", "grok")
QUEUES: Final = ("workflows", "grok", "wavespeed", "outputs")
"""As workers name them; the order is that of the report on Temporal, which has the last one if outputs are stored."""

STAGES: Final = ("prompt", "dispatch", "wait", "generation", "all")
OPEN: Final = sorted(set(JobStatus) - FINAL_STATUSES)

_UNUSUAL: Final = {DRAIN: ON, SUBMISSIONS_HELD: ON, AI_PROMPTS: OFF}
"""The value of each switch that keeps something from happening."""

_PROMPT_RATES: Final = (
    ("wait_seconds", "avg_wait_time_seconds", "Mean time in Grok's queue, of prompts begun in the last hour."),
    ("writing_seconds", "avg_processing_seconds", "Mean time from its beginning, of prompts written in the last hour."),
    ("ended_per_minute", "processed_per_minute", "Prompts written or failed, per minute of the last hour."),
    ("failed_ratio", "error_rate", "Share of the prompts that ended in the last hour which failed."),
    ("retried_ratio", "retry_rate", "Share of the prompts that ended in the last hour which were retried."),
    ("retry_success_ratio", "retry_success_rate", "Share of these retried prompts which were written."),
)

_WAITING: Final[Sequence[tuple[str, str, Callable[[Record], float]]]] = (
    (
        "oldest_queued_prompt_job_age_seconds",
        "Time since the oldest queued prompt job joined the queue; 0 if there is none.",
        lambda record: record.figures.oldest_prompt_job_seconds or 0,
    ),
    (
        "oldest_processing_prompt_job_age_seconds",
        "Time since Grok was first asked for the oldest prompt job in `processing`; 0 if there is none.",
        lambda record: record.figures.oldest_processing_seconds or 0,
    ),
    ("reading_jobs", "Jobs whose result is still to be read.", lambda record: record.readings.open),
    (
        "reading_late_seconds",
        "How long the reading of a result that is due longest has been due.",
        lambda record: record.readings.late_seconds,
    ),
    (
        "webhook_waiting_seconds",
        "Time since the arrival of the oldest webhook that is not processed; 0 if there is none.",
        lambda record: record.figures.webhook_seconds,
    ),
    (
        "callback_waiting_seconds",
        "Time since the end of the oldest job whose callback is not started; 0 if there is none.",
        lambda record: record.figures.callback_seconds,
    ),
    (
        "backup_timestamp_seconds",
        "When the newest backup was taken; 0 if none is known.",
        lambda record: record.figures.backup_at,
    ),
    (
        "backup_verified_timestamp_seconds",
        "When the newest backup that was verified was taken; 0 if none is known.",
        lambda record: record.figures.verified_backup_at,
    ),
    ("unclear_submissions", "Submissions that may have been charged: unclear.", lambda record: record.figures.unclear),
    (
        "unclear_submission_age_seconds",
        "Time since the oldest unclear submission was permitted; 0 if there is none.",
        lambda record: record.figures.unclear_seconds,
    ),
)

_OUTPUTS: Final[Sequence[tuple[str, str, Callable[[OutputStock], float | None]]]] = (
    ("outputs_waiting", "Outputs that wait to be stored.", lambda stock: stock.waiting),
    (
        "outputs_waiting_seconds",
        "For how long the oldest of these has waited; 0 if there is none.",
        lambda stock: stock.oldest_waiting_seconds,
    ),
    ("outputs_at_risk", "Those of these that WaveSpeed deletes within a day.", lambda stock: stock.at_risk),
    (
        "outputs_stored_bytes",
        "What stored outputs take, with what lies beside them; NaN if there is no limit.",
        lambda stock: stock.stored_bytes,
    ),
    ("outputs_removals", "Stored files that are still to be deleted.", lambda stock: stock.removals),
)

Labelled = Mapping[tuple[str, ...], float]


@dataclass(frozen=True, eq=False)  # a registry knows its collectors by identity
class InstallationGauges(Collector):
    """What is known of the installation at this moment."""

    figures: Figures

    def collect(self) -> Iterator[Metric]:
        """Yield all families, those of an unavailable source with NaN."""
        yield from self._counts()
        yield from self._waiting()
        yield from self._outputs()
        yield from self._ended()
        yield from self._prompts()
        yield from self._money()
        yield from self._stopped()
        yield from self._temporal()
        yield self._certificates()

    def _certificates(self) -> Metric:
        return _many(
            "promptmill_certificate_expiry_timestamp_seconds",
            "When the TLS certificate that an address shows ends; NaN if none could be read.",
            ("address",),
            {(address,): nan if end is None else end for address, end in self.figures.certificates.items()},
        )

    def _counts(self) -> Iterator[Metric]:
        record = self.figures.record
        yield _one(
            "promptmill_postgres_up", "1 if the record could be read for this answer, else 0.", record is not None
        )
        yield _one(
            "promptmill_postgres_writable",
            "1 if Postgres accepts writes, else 0.",
            None if record is None else record.writable,
        )
        for name, text, table, statuses in (
            ("promptmill_recorded_jobs", "Jobs in the record, by status.", "jobs", JobStatus),
            (
                "promptmill_recorded_prompt_jobs",
                "Prompt jobs in the record, by status.",
                "prompt_generation_jobs",
                PromptJobStatus,
            ),
        ):
            found = dict.fromkeys(statuses, nan) if record is None else record.counts[table]
            yield _many(name, text, ("status",), {(status,): number for status, number in found.items()})

    def _waiting(self) -> Iterator[Metric]:
        record = self.figures.record
        oldest = dict.fromkeys(OPEN, nan if record is None else 0.0)
        if record is not None:
            oldest |= record.figures.oldest_job_seconds  # type: ignore[arg-type]
        yield _many(
            "promptmill_oldest_job_age_seconds",
            "Time since the acceptance of the oldest job in an open status, without those that wait for WaveSpeed in a "
            "queue that their owner paused; 0 if there is none.",
            ("status",),
            {(status,): float(seconds) for status, seconds in oldest.items()},
        )
        for name, text, value in _WAITING:
            yield _one(f"promptmill_{name}", text, None if record is None else value(record))

    def _outputs(self) -> Iterator[Metric]:
        record = self.figures.record
        for name, text, value in _OUTPUTS:
            yield _one(f"promptmill_{name}", text, None if record is None else value(record.outputs))

    def _ended(self) -> Iterator[Metric]:
        record = self.figures.record
        if record is None:
            ended: dict[tuple[str, ...], float] = {(status, ""): nan for status in sorted(FINAL_STATUSES)}
            stages: dict[tuple[str, ...], float] = {(stage, what): nan for stage in STAGES for what in ("mean", "p95")}
        else:
            ended = {(status, reason): number for status, reason, number in record.figures.ended}
            ended |= {(one, ""): 0 for one in FINAL_STATUSES - {status for status, _ in ended}}
            stages = {}
            for stage, mean, p95 in record.figures.stages:
                stages |= {(stage, "mean"): mean, (stage, "p95"): p95}
        yield _many(
            "promptmill_ended_jobs",
            f"Jobs that ended in the last {ENDED_MINUTES} minutes, by status and reason code.",
            ("status", "reason"),
            ended,
        )
        yield _many(
            "promptmill_job_seconds",
            f"How long the jobs took that completed in the last {ENDED_MINUTES} minutes: mean and 95th percentile of "
            "each stage. None if none completed.",
            ("stage", "statistic"),
            stages,
        )
        yield self._histogram()

    def _histogram(self) -> Metric:
        """Of the last minutes, like `ended_jobs`: so no restart loses a job, and no second API counts it again."""
        record = self.figures.record
        family = GaugeHistogramMetricFamily(
            "promptmill_ended_job_seconds",
            f"How long the jobs took that completed in the last {ENDED_MINUTES} minutes, by stage.",
            labels=("stage",),
        )
        for stage in STAGES:
            found = () if record is None else [one for one in record.figures.buckets if one[0] == stage]
            # What reaches no bound is in the first bucket, what reaches all of them in the last.
            upto = [
                nan if record is None else sum(number for _, reached, number, _ in found if reached <= place)
                for place in range(len(BOUNDS) + 1)
            ]
            bounds = [*(f"{bound:g}" for bound in BOUNDS), "+Inf"]
            total = nan if record is None else sum(seconds for *_, seconds in found)
            family.add_metric((stage,), list(zip(bounds, upto, strict=True)), total)
        return family

    def _prompts(self) -> Iterator[Metric]:
        record = self.figures.record
        for name, column, text in _PROMPT_RATES:
            family = GaugeMetricFamily(f"promptmill_prompt_{name}", f"{text} No value if there were none.")
            value = nan if record is None else record.figures.prompts[column]
            if value is not None:
                family.add_metric((), value)
            yield family

    def _money(self) -> Iterator[Metric]:
        record = self.figures.record
        for name, text, days in (
            ("today", "Spent on this day of UTC, by provider.", "spent_today_usd"),
            ("last_week", "Spent on the seven days of UTC before this one, by provider.", "spent_last_week_usd"),
        ):
            spent: dict[tuple[str, ...], float] = {
                (provider,): nan if record is None else float(getattr(record.figures, days).get(provider, 0))
                for provider in PROVIDERS
            }
            yield _many(f"promptmill_spent_{name}_usd", text, ("provider",), spent)
        yield _one(
            "promptmill_reserved_usd",
            "Prices of submissions that may be charged: on their way, or unclear.",
            None if record is None else record.figures.reserved_usd,
        )
        yield _one(
            "promptmill_balance_usd",
            "What is left at WaveSpeed, at most a minute old; NaN if it does not say.",
            self.figures.balance_usd,
        )
        budgets = () if record is None else record.budgets
        for name, text, amount in (
            ("limit", "What a budget allows in its period; owner `*` is the installation.", attrgetter("limit_usd")),
            ("spent", "What is spent of it in the current period.", attrgetter("spent_usd")),
            ("reserved", "What is reserved of it for submissions that may be charged.", attrgetter("reserved_usd")),
        ):
            # As many series as budgets: owners without one have none.
            usd = [((budget.owner, budget.period.value), float(amount(budget))) for budget in budgets]
            yield _many(f"promptmill_budget_{name}_usd", text, ("owner", "period"), dict(usd))

    def _stopped(self) -> Iterator[Metric]:
        record, temporal = self.figures.record, self.figures.temporal
        yield _many(
            "promptmill_switch_on",
            "1 while a switch keeps something from happening: new jobs, paid submissions, new prompts.",
            ("switch",),
            {
                (name,): nan if record is None else float(record.figures.switches.get(name) == value)
                for name, value in _UNUSUAL.items()
            },
        )
        yield _one(
            "promptmill_paused_owners",
            "Owners that an admin has paused.",
            None if record is None else record.figures.paused_owners,
        )
        share = None if record is None else record.submissions.share
        yield _many(
            "promptmill_submission_rate_ratio",
            "Rate of paid submissions: 1 at full speed, less after a 429.",
            ("provider",),
            {("wavespeed",): nan if share is None else share},
        )
        yield _many(
            "promptmill_brake_on",
            "1 while an operator has stopped a provider's queue.",
            ("provider",),
            {
                (name,): nan if temporal is None else float(temporal.queues[QUEUES.index(name)].stopped)
                for name in PROVIDERS
            },
        )

    def _temporal(self) -> Iterator[Metric]:
        temporal = self.figures.temporal
        schedule = None if temporal is None else temporal.schedule
        yield _one("promptmill_temporal_up", "1 if Temporal answered for this answer, else 0.", temporal is not None)
        yield _many(
            "promptmill_queue_pollers",
            "Workers that polled a task queue lately and get its work: those of the current version, or of a ramping "
            "one that has fewer.",
            ("queue",),
            dict.fromkeys([(name,) for name in QUEUES], nan)
            if temporal is None
            else {(name,): queue.pollers for name, queue in zip(QUEUES, temporal.queues, strict=False)},
        )
        yield _one(
            "promptmill_reconciler_scheduled",
            "1 if the reconciler has a schedule that is not paused, 0 if it is paused or missing.",
            None if temporal is None else schedule is not None and not schedule.paused,
        )
        finished = None if schedule is None else schedule.last_finished_at
        yield _one(
            "promptmill_reconciler_last_pass_timestamp_seconds",
            "When a pass of the reconciler last finished; NaN if none is known.",
            None if finished is None else finished.timestamp(),
        )
        yield _one(
            "promptmill_reconciler_late",
            "1 if no pass has finished for its timeout and two intervals, while it is not paused.",
            None if schedule is None or schedule.late is None else schedule.late,
        )


def _one(name: str, text: str, value: float | None) -> Metric:
    return GaugeMetricFamily(name, text, value=nan if value is None else float(value))


def _many(name: str, text: str, labels: Sequence[str], values: Labelled) -> Metric:
    family = GaugeMetricFamily(name, text, labels=labels)
    for found, value in values.items():
        family.add_metric(found, value)
    return family
