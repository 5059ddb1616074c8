"""The drill of support: an unclear job, a refused picture, a complaint about a charge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from http import HTTPStatus
from typing import Any, Final

from promptmill.commands.drills.ground import Finding, Ground, Scene
from promptmill.contracts.jobs import JobStatus
from promptmill.contracts.reasons import ReasonCode

ANSWERS: Final = ("reason", "charged")
UNCLEAR, REFUSED, CHARGED = "unclear", "refused", "charged"
MODERATED: Final = 1200
"""WaveSpeed's code of a prediction that its filter has stopped."""

_ALWAYS: Final = 100_000


def prepare(ground: Ground, scene: Scene) -> Scene:
    """Create the three jobs that customers write about."""
    prompts = {case: f"A violin maker in her workshop, {case} {scene.run}" for case in (UNCLEAR, REFUSED, CHARGED)}
    simulator = ground.wavespeed
    simulator.order(
        "submit", "ending", word="failed", code=MODERATED, message="The prompt was flagged", contains=prompts[REFUSED]
    )
    simulator.order("submit", "never", contains=prompts[CHARGED])
    # The history would settle it within seconds, or prove its absence; here WaveSpeed does not show it.
    simulator.order("history", "status", status=503, times=_ALWAYS)
    simulator.order("submit", "cut", after=True, contains=prompts[UNCLEAR])
    facts = {case: ground.create(scene, case, prompt=prompt) for case, prompt in prompts.items()}
    ground.reaches(facts[CHARGED], JobStatus.GENERATING)
    ground.api.expect(HTTPStatus.ACCEPTED, "DELETE", f"/api/jobs/{facts[CHARGED]}")
    ground.reaches(facts[CHARGED], JobStatus.CANCELLED)
    ground.reaches(facts[REFUSED], JobStatus.FAILED)
    ground.reaches(facts[UNCLEAR], JobStatus.SUBMIT_UNKNOWN)
    return scene.model_copy(update={"facts": facts})


def briefing(scene: Scene) -> Sequence[str]:
    """Return the customers' letters."""
    labels = f'{{"drill": "{scene.run}", "case": "{REFUSED}"}}'
    return [
        f"Anna writes: my job {scene.facts[UNCLEAR]} says that it needs somebody. Do I get my picture, and pay once?",
        f"Ben writes: my job {scene.facts[REFUSED]} failed. Why, and how do I get a picture?",
        f"Cleo writes: I cancelled {scene.facts[CHARGED]}. Was I charged, and how much?",
        f"A new job for Ben has the metadata {labels}: the check finds it by that.",
        "docs/training/support.md says what is asked for. Then: .venv/bin/promptmill drill support --check",
    ]


def check(ground: Ground, scene: Scene, answers: Mapping[str, str]) -> Iterator[Finding]:
    """Say what has been settled."""
    yield _anna(ground, scene)
    yield Finding(
        "Ben is told the reason",
        None
        if answers.get("reason") == ReasonCode.GENERATION_MODERATED
        else "give the reason code of his job: --answer reason=…",
    )
    refused = ground.job(scene.facts[REFUSED])
    done = [
        job
        for job in ground.jobs(scene, REFUSED)
        if job["status"] == JobStatus.COMPLETED and job["prompt"] != refused["prompt"]
    ]
    yield Finding(
        "Ben has a picture by another prompt",
        None if done else f"no job of the case {REFUSED} with another prompt has completed",
    )
    yield _cleo(ground.job(scene.facts[CHARGED]), answers.get("charged"))


def _anna(ground: Ground, scene: Scene) -> Finding:
    fact = "Anna's job has the prediction that was made for it, and was paid once"
    job = ground.job(scene.facts[UNCLEAR])
    if job["status"] != JobStatus.COMPLETED:
        return Finding(fact, f"it is {job['status']}: look for its prediction at WaveSpeed, and decide")
    book = ground.wavespeed.book()
    made = [each["id"] for each in book["predictions"] if each["inputs"].get("prompt") == job["prompt"]]
    if made != [job["predictionId"]]:
        return Finding(fact, f"{len(made)} predictions were made for it: it was submitted again. Set the scene anew")
    return Finding(fact)


def _cleo(job: Mapping[str, Any], answer: str | None) -> Finding:
    fact = "Cleo is told what she was charged"
    try:
        right = Decimal(answer or "") == Decimal(str(job["mediaCostUsd"]))
    except InvalidOperation:  # either is no number, or one that cannot be compared
        right = False
    return Finding(fact, None if right else "give what her job cost, in USD, as the job says: --answer charged=…")
