"""What the person at the terminal sees: steps with their times, short lines from the parts, a table at the end."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.text import Text

from promptmill.formats import duration
from promptmill.local.folder import DataFolder
from promptmill.local.plan import Provider, StackPlan

EXAMPLE_MODEL = "wavespeed-ai/flux-dev"


class Screen:
    """Writes to the terminal. A terminal that has gone away never stops the stack from stopping."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def say(self, text: str, style: str = "") -> None:
        """Write one line."""
        with suppress(OSError):
            self._console.print(Text(text, style=style))

    @contextmanager
    def step(self, what: str, done: str = "ready") -> Iterator[None]:
        """Write a step with the time it took; one that fails is left without a word: its error follows."""
        begun = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(what):
                yield
        else:
            yield
        self.say(f"  ✓ {what:<24} {done} in {duration(time.monotonic() - begun)}")

    def show_addresses(self, plan: StackPlan, folder: DataFolder, found: dict[str, str]) -> None:
        """Write the table of addresses, one request to copy, and what to do next."""
        rows = list(_rows(plan, folder, found))
        # Not a table of Rich's: that would cut addresses to the terminal's width, and they are there to be copied.
        width = max(len(address) for _, address, remark in rows if remark.plain)
        self.say("")
        for name, address, remark in rows:
            with suppress(OSError):
                self._console.print(Text.assemble((f"  {name:<16} ", "bold"), f"{address:<{width}}  ", remark))
        self.say("")
        self.say("Promptmill is running. Keep this terminal open and try this in a second one:\n")
        if plan.settings.api_token:
            self.say("export PROMPTMILL_API_TOKEN=…   (its value, from .env)", style="green")
        self.say(example_request(plan) + "\n", style="green")
        self.say("Ctrl-C stops everything; the next start finds all jobs again.\n")


def example_request(plan: StackPlan) -> str:
    """Return a request that can be pasted into a second terminal: one line, one picture."""
    token = ' -H "Authorization: Bearer $PROMPTMILL_API_TOKEN"' if plan.settings.api_token else ""
    body = f'{{"model": "{EXAMPLE_MODEL}", "useAiPrompt": true, "instructions": "A fox in the first snow"}}'
    return f"curl -sS {plan.api_url}/api/jobs/create -H 'Content-Type: application/json'{token} -d '{body}'"


def _rows(plan: StackPlan, folder: DataFolder, found: dict[str, str]) -> Iterator[tuple[str, str, Text]]:
    yield "API", plan.api_url, Text("the page; the API's documentation at /docs")
    yield "Temporal Web UI", plan.settings.temporal_ui_url, Text("every job is a workflow")
    yield (
        "Temporal",
        plan.settings.temporal.get("TEMPORAL_ADDRESS", "by its profile"),
        _whose(ours=plan.starts_temporal),
    )
    yield (
        "Postgres",
        found["DATABASE_URL"] if plan.starts_postgres else "DATABASE_URL",
        _whose(ours=plan.starts_postgres),
    )
    yield "Grok", plan.grok.base, _provider_remark(plan.grok, "XAI_API_KEY")
    yield "WaveSpeed", plan.wavespeed.base, _provider_remark(plan.wavespeed, "WAVESPEED_API_KEY")
    yield "Worker", plan.worker_url, Text("health at /readyz, numbers at /metrics")
    yield "Logs", str(folder.path / "logs"), Text("")


def _whose(*, ours: bool) -> Text:
    return Text("" if ours else "your own server")


def _provider_remark(provider: Provider, variable: str) -> Text:
    if provider.simulated_by_us:
        return Text(f"simulator, costs nothing (set {variable} for the real one)")
    if not provider.has_key:
        return Text(f"no key: set {variable}", style="yellow")
    return Text("REAL, will be billed", style="bold red") if provider.billed else Text("simulator of your own")
