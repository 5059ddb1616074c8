"""What the record tells Prometheus: how long the stages of ended jobs took, and how old the oldest open prompt is."""

from __future__ import annotations

from api.installation.figures import Figures
from api.installation.figures import Record as Told
from api.installation.gauges import STAGES, InstallationGauges
from api.schemas.installation import SubmissionsReport
from promptmill.contracts.jobs import JobChange, JobStatus
from promptmill.contracts.outputs import OutputStock
from promptmill.store.operations import DRAIN
from promptmill.store.readings import Backlog
from tests.fixtures.record import Record, new_prompt_job, written

PROMPTS = "prompt_generation_jobs"
NAME = "promptmill_ended_job_seconds"


async def completed(record: Record, *, accepted: float, dispatched: float, prompt: float | None = None) -> None:
    """A job that has just ended: how many seconds ago the rest of it was."""
    if prompt is None:
        job_id = await record.generating()
    else:
        job_id, prompt_job_id = await record.prompting()
        await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
        await record.store.prompts.finish(written(prompt_job_id, 1))
        await record.shift(prompt_job_id, "completed_at", prompt, PROMPTS)
        change = {"job_id": job_id, "status": "generating", "prediction_id": "p-1"}
        await record.store.jobs.advance(JobChange.model_validate(change))
    await record.store.jobs.advance(JobChange(job_id=job_id, status=JobStatus.COMPLETED))
    await record.shift(job_id, "created_at", accepted)
    await record.shift(job_id, "dispatched_at", dispatched)


async def told(record: Record) -> dict[tuple[str, str], float]:
    """The histogram as an API tells it: by part and stage."""
    figures = await record.store.monitoring.figures((DRAIN,))
    report = SubmissionsReport(tier="auto", per_second=1, max_per_second=1, concurrency=1)
    counts = await record.store.operations.counts()
    known = Told(
        writable=True,
        counts=counts,
        submissions=report,
        readings=Backlog(0, 0.0),
        budgets=(),
        figures=figures,
        outputs=OutputStock(),
    )
    family = next(one for one in InstallationGauges(Figures(record=known)).collect() if one.name == NAME)
    return {
        (sample.name.removeprefix(NAME) + sample.labels.get("le", ""), sample.labels["stage"]): sample.value
        for sample in family.samples
    }


async def test_each_ended_job_is_in_the_histogram_of_its_stages_once(record: Record) -> None:
    assert set((await told(record)).values()) == {0}, "a stage without jobs is 0, and does not vanish"
    await completed(record, accepted=1000, prompt=990, dispatched=40)
    await completed(record, accepted=90_000, dispatched=89_000)

    first, second = await told(record), await told(record)

    assert first.keys() == second.keys()
    assert {stage: first["_gcount", stage] for stage in STAGES} == {
        "prompt": 1, "dispatch": 2, "wait": 2, "generation": 2, "all": 2,
    }  # fmt: skip
    assert (first["_bucket5", "prompt"], first["_bucket20", "prompt"]) == (0, 1)
    assert (first["_bucket30", "generation"], first["_bucket60", "generation"]) == (0, 1)
    assert (first["_bucket14400", "all"], first["_bucket+Inf", "all"]) == (1, 2)
    assert 90_990 < first["_gsum", "all"] < 91_100


async def test_the_oldest_prompt_that_is_written_is_told_whether_a_job_needs_it_or_not(record: Record) -> None:
    alone, _ = await record.store.prompts.accept(new_prompt_job())
    await record.store.prompts.begin(alone.id)
    _, needed = await record.prompting()
    assert (await record.store.monitoring.figures(())).oldest_processing_seconds is None

    for prompt_job_id, seconds in ((alone.id, 100), (needed, 500)):
        await record.store.prompts.begin_attempt(prompt_job_id, "grok-4")
        await record.shift(prompt_job_id, "started_at", seconds, PROMPTS)
        age = (await record.store.monitoring.figures(())).oldest_processing_seconds
        assert age is not None
        assert seconds <= age < seconds + 60
