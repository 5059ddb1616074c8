"""Terminal output: steps with their times, short log lines of the components, a final table."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from rich.console import Console
from rich.text import Text

from promptmill.config.advice import start_warnings
from promptmill.formats import duration
from promptmill.local.folder import DataFolder
from promptmill.local.plan import OUTPUTS, PRIVATE, Provider, StackPlan
from promptmill.terminal import visible

EXAMPLE_MODEL = "wavespeed-ai/flux-dev"


class Screen:
    """Writes to the terminal. A closed terminal never prevents the stack from stopping."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(highlight=False, soft_wrap=True)

    def say(self, text: str, style: str = "") -> None:
        """Write one line."""
        with suppress(OSError):
            self._console.print(Text(visible(text), style=style))

    @contextmanager
    def step(self, what: str, done: str = "ready") -> Iterator[None]:
        """Write a step with the time it took; a failed step writes nothing, as its error follows."""
        begun = time.monotonic()
        if self._console.is_terminal:
            with self._console.status(what):
                yield
        else:
            yield
        self.say(f"  ✓ {what:<24} {done} in {duration(time.monotonic() - begun)}")

    def show_addresses(
        self, plan: StackPlan, folder: DataFolder, found: dict[str, str], *, key_needed: bool = False
    ) -> None:
        """Write the table of addresses, one request to copy, and what to do next.

        Args:
            plan: What was started.
            folder: Where its files are.
            found: Addresses that were not known before the start.
            key_needed: Whether calls need a key or a token.
        """
        rows = list(_rows(plan, folder, found))
        # Not a Rich table: that would truncate URLs to the terminal's width, and they are meant to be copied.
        width = max(len(address) for _, address, remark in rows if remark.plain)
        self.say("")
        for name, address, remark in rows:
            with suppress(OSError):
                self._console.print(Text.assemble((f"  {name:<16} ", "bold"), f"{address:<{width}}  ", remark))
        self.say("")
        for choice in _choices(plan):
            self.say(f"  {choice}")
        for warning in start_warnings(plan.settings):
            self.say(f"  {warning}", "yellow")
        self.say("Promptmill is running. Keep this terminal open and try this in a second one:\n")
        variable = None
        if plan.settings.api_token:
            variable = "PROMPTMILL_API_TOKEN"
            self.say(f"export {variable}=…   (its value, from .env)", style="green")
        elif key_needed:
            variable = "PROMPTMILL_KEY"
            self.say(f"export {variable}=…   (a key; `promptmill keys create` makes one)", style="green")
        self.say(example_request(plan, variable) + "\n", style="green")
        self.say("Ctrl-C stops everything; all jobs are kept for the next start.\n")


def example_request(plan: StackPlan, variable: str | None) -> str:
    """Return a request to paste into a second terminal: one line, one image.

    Args:
        plan: What was started.
        variable: The variable that holds a key or token, if one is needed.
    """
    token = f' -H "Authorization: Bearer ${variable}"' if variable else ""
    body = f'{{"model": "{EXAMPLE_MODEL}", "useAiPrompt": true, "instructions": "A fox in the first snow"}}'
    return f"curl -sS {plan.api_url}/api/jobs/create -H 'Content-Type: application/json'{token} -d '{body}'"


def _rows(plan: StackPlan, folder: DataFolder, found: dict[str, str]) -> Iterator[tuple[str, str, Text]]:
    yield "API", plan.api_url, Text("the page; API documentation at /docs")
    if plan.settings.temporal_ui_url is not None:
        yield "Temporal Web UI", plan.settings.temporal_ui_url, Text("every job is a workflow")
    yield (
        "Temporal",
        plan.settings.temporal.get("TEMPORAL_ADDRESS", "from its profile"),
        _whose(ours=plan.starts_temporal),
    )
    yield (
        "Postgres",
        found["DATABASE_URL"] if plan.starts_postgres else "DATABASE_URL",
        _whose(ours=plan.starts_postgres),
    )
    yield "Grok", plan.grok.base, _provider_remark(plan.grok, "XAI_API_KEY")
    yield "WaveSpeed", plan.wavespeed.base, _provider_remark(plan.wavespeed, "WAVESPEED_API_KEY")
    yield "Worker", plan.worker_url, Text("health at /readyz, metrics at /metrics")
    yield "Logs", str(folder.path / "logs"), Text("")


def _choices(plan: StackPlan) -> Iterator[str]:
    """Return what the stack decided that you may want to change, and why."""
    if plan.stores_outputs:
        limit = plan.settings.outputs_max_bytes
        most = "" if limit is None else f" At {limit / 1e9:g} GB the oldest that nobody likes are deleted."
        yield f"Outputs are stored in {plan.settings.outputs}; {OUTPUTS}=off stores none.{most}"
    if plan.allows_private_addresses:
        yield (
            "Image and callback URLs may point to private networks, because WaveSpeed is simulated on this machine; "
            f"{PRIVATE}=false refuses them."
        )


def _whose(*, ours: bool) -> Text:
    return Text("" if ours else "your own server")


def _provider_remark(provider: Provider, variable: str) -> Text:
    if provider.simulated_by_us:
        return Text(f"simulator, free of charge (set {variable} for the real one)")
    if not provider.has_key:
        return Text(f"no key: set {variable}", style="yellow")
    return Text("REAL, will be billed", style="bold red") if provider.billed else Text("your own simulator")
