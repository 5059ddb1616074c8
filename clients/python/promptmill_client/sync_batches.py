"""Batches, for programs that wait for each answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self
from uuid import UUID

from promptmill_client import calls, flows
from promptmill_client.downloads import Saved
from promptmill_client.messages import new_key
from promptmill_client.models import (
    ApproveBatch,
    BatchAnswer,
    BatchState,
    ChangeBatch,
    CreateBatch,
    CreatedBatch,
    PlanAnswer,
    PlanBatch,
    RowAnswer,
)

if TYPE_CHECKING:
    from promptmill_client.sync import Client


class Batches:
    """Tables of jobs made with one template."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def plan(
        self, question: PlanBatch | None = None, /, *, file: Path | str | bytes | None = None, **fields: Any
    ) -> PlanAnswer:
        """Check a table row by row, and say what it would cost. Nothing is stored, made or paid.

        Args:
            question: The template and its rows; or give its `fields`.
            file: The table, as CSV or JSONL, instead of rows among the fields.
            **fields: Those of `PlanBatch`.
        """
        table = None if file is None else calls.opened(file, None)
        return self._client.call(calls.plan_batch(question or PlanBatch(**fields), table))

    def submit(
        self,
        order: CreateBatch | None = None,
        /,
        *,
        file: Path | str | bytes | None = None,
        idempotency_key: str | None = None,
        **fields: Any,
    ) -> Batch:
        """Create a batch and return at once. With the same key it adds the rows that are new, and nothing twice."""
        table = None if file is None else calls.opened(file, None)
        key = idempotency_key or new_key()
        made = self._client.call(calls.create_batch(order or CreateBatch(**fields), table, key))
        return Batch(self._client, calls.as_batch(made), made)

    def get(self, batch_id: UUID | str) -> Batch:
        """Return a batch by its id."""
        return Batch(self._client, self._client.call(calls.get_batch(UUID(str(batch_id)))))

    def list(self, **filters: Any) -> Iterator[BatchAnswer]:
        """Yield batches, newest first, page by page."""
        cursor = None
        while True:
            page = self._client.call(calls.list_batches(filters, cursor))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return


class Batch:
    """A batch, as it was when it was last looked at.

    Attributes:
        answer: All that the API says about it.
        created: What `submit` was told: how many rows are new, and which are faulty; else None.
    """

    def __init__(self, client: Client, answer: BatchAnswer, created: CreatedBatch | None = None) -> None:
        self.answer = answer
        self.created = created
        self._client = client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.id} {self.state}>"

    @property
    def id(self) -> UUID:
        """Its id."""
        return self.answer.batch_id

    @property
    def state(self) -> BatchState | str:
        """Where it stands. A newer API may know more states than this client."""
        return self.answer.state

    @property
    def ended(self) -> bool:
        """Whether it has ended."""
        return self.state in flows.BATCH_ENDED

    @property
    def paused(self) -> bool:
        """Whether it is paused; `answer.pause_reason` says why."""
        return self.state == BatchState.PAUSED

    @property
    def asks_for_approval(self) -> bool:
        """Whether it waits for `approve`; `answer.proposal` has the prompts, or says why there are none."""
        return flows.asks_for_approval(self.answer)

    def refresh(self) -> Self:
        """Look at it again."""
        self.answer = self._client.call(calls.get_batch(self.id))
        return self

    def wait(self, within: float | None = None) -> Self:
        """Wait until it has ended, is paused, or asks for approval.

        Raises:
            WaitedOut: Not within so many seconds.
        """
        self.answer = self._client.drive(flows.waiting_for_batch(self.id, within, self._client.retries))
        return self

    def rows(self, **filters: Any) -> Iterator[RowAnswer]:
        """Yield its rows by their number, page by page; `state` says which."""
        cursor = None
        while True:
            page = self._client.call(calls.list_rows(self.id, filters, cursor))
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def approve(self, prompts: Sequence[str] | None = None) -> Self:
        """Make it with these prompts, each row with each; by default with all that Grok proposed.

        Raises:
            ValueError: None are given, and there are none.
        """
        proposed = self.answer.proposal.prompts if self.answer.proposal is not None else []
        chosen = [*(proposed if prompts is None else prompts)]
        if not chosen:
            raise ValueError("there are no prompts to approve: give some")
        made = self._client.call(calls.approve_batch(self.id, ApproveBatch(prompts=chosen)))
        self.created, self.answer = made, calls.as_batch(made)
        return self

    def pause(self) -> Self:
        """Pause it: nothing more of it is submitted."""
        self.answer = self._client.call(calls.pause_batch(self.id))
        return self

    def resume(self) -> Self:
        """Let it go on."""
        self.answer = self._client.call(calls.resume_batch(self.id))
        return self

    def cancel(self, *, open_jobs: bool = False) -> Self:
        """Cancel what waits of it, or its open jobs as well."""
        self.answer = self._client.call(calls.cancel_batch(self.id, open_jobs=open_jobs))
        return self

    def change(self, change: ChangeBatch | None = None, /, **fields: Any) -> Self:
        """Change its budget, its speed or its name, also while it runs."""
        self.answer = self._client.call(calls.change_batch(self.id, change or ChangeBatch(**fields)))
        return self

    def retry_failed(self) -> int:
        """Try its failed rows again, never one that is unclear; return how many."""
        retried = self._client.call(calls.retry_failed(self.id))
        self.answer = calls.as_batch(retried)
        return retried.retried_rows

    def results(self, path: Path | str, ending: Literal["csv", "jsonl"] = "csv") -> Saved:
        """Save its rows with their results."""
        return self._client.fetch(calls.get_results(self.id, ending), Path(path))
