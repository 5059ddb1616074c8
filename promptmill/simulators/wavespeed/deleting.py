"""`POST /api/v3/predictions/delete`: an account deletes its own predictions."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from promptmill.simulators.front_door import Call
from promptmill.simulators.wavespeed.bookkeeping import Books
from promptmill.simulators.wavespeed.envelope import problem, success


@dataclass(frozen=True)
class Deleting:
    """Deletes predictions. There is no way back."""

    books: Books

    async def delete(self, call: Call) -> Response:
        """Delete those that are the account's and return how many; 404 if none is."""
        ids = call.body.get("ids") if isinstance(call.body, dict) else None
        if not isinstance(ids, list) or not ids or not all(isinstance(one, str) for one in ids):
            return problem(400, "ids must be a list of prediction ids")
        found = [one for name in ids if (one := self.books.predictions.find(name, call.account.key)) is not None]
        if not found:
            return problem(404, "task not found")
        for prediction in found:
            self.books.delete(prediction)
        return success({"deleted_count": len(found)})
