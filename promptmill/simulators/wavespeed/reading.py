"""Reading predictions: one by its id, or the history, page by page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, Field, ValidationError
from starlette.responses import JSONResponse, Response

from promptmill.simulators.clock import now, parse_moment
from promptmill.simulators.faults import Fault
from promptmill.simulators.front_door import Call
from promptmill.simulators.wavespeed.envelope import problem, success
from promptmill.simulators.wavespeed.predictions import Prediction, Predictions


class HistoryQuestion(BaseModel):
    """The body of `POST /api/v3/predictions`."""

    page: int = Field(ge=1, strict=True)
    page_size: int = Field(ge=1, le=100, strict=True)
    model: str | None = None
    status: Literal["created", "processing", "completed", "failed", "cancelled", "timeout"] | None = None
    created_after: str | None = None
    created_before: str | None = None
    include_inputs: bool = False


@dataclass(frozen=True)
class Reading:
    """Shows an account its own predictions."""

    predictions: Predictions

    async def result(self, call: Call) -> Response:
        """Show one prediction; a failed one gets HTTP 200 too."""
        prediction = self.predictions.find(call.request.path_params["id"], call.account.key)
        if prediction is None:
            return problem(404, "task not found")
        fault, shown = call.content_fault(), prediction.as_json(call.base)
        if fault is not None and fault.kind == "no_output":
            shown |= {"outputs": []}
        return JSONResponse(shown) if fault is not None and fault.kind == "bare" else success(shown)

    async def history(self, call: Call) -> Response:
        """List predictions, newest first."""
        try:
            question = HistoryQuestion.model_validate(call.body)
            wanted = _filter(question)
        except ValidationError as error:
            first = error.errors()[0]
            return problem(400, f"{'.'.join(map(str, first['loc']))}: {first['msg']}")
        except ValueError as error:
            return problem(400, str(error))
        found = [found for found in self.predictions.of(call.account.key) if wanted(found)]
        return success(_page(found, question, call, call.content_fault()))


def _filter(question: HistoryQuestion) -> Callable[[Prediction], bool]:
    after = parse_moment(question.created_after) if question.created_after else float("-inf")
    before = parse_moment(question.created_before) if question.created_before else float("inf")
    moment = now()

    def wanted(prediction: Prediction) -> bool:
        return (
            not prediction.hidden
            and prediction.listed_from <= moment
            and after <= prediction.created_at <= before
            and question.model in (None, prediction.model)
            and question.status in (None, prediction.status())
        )

    return wanted


def _page(found: list[Prediction], question: HistoryQuestion, call: Call, fault: Fault | None) -> dict[str, Any]:
    kind = fault.kind if fault else None
    shown = [] if kind == "hidden" else found
    start = (question.page - 1) * question.page_size
    with_inputs = question.include_inputs and kind != "without_inputs"
    items = [
        prediction.as_json(call.base, with_inputs=with_inputs)
        for prediction in shown[start : start + question.page_size]
    ]
    return {"page": question.page, "page_size": question.page_size, "total": len(shown), "items": items}
