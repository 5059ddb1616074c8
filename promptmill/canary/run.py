"""`promptmill canary`: at most one paid request to each provider, within a limit, never repeated."""

from __future__ import annotations

import asyncio
import json
import secrets
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from promptmill.addresses import is_loopback_url
from promptmill.canary.asking import (
    NotSent,
    Stop,
    Unclear,
    Waits,
    ask_free_grok,
    ask_free_wavespeed,
    follow_wavespeed,
    pay_grok,
    pay_wavespeed,
)
from promptmill.canary.receiver import Receiver, open_receiver
from promptmill.canary.report import Report, forms_of, judged
from promptmill.canary.seen import Seen
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError
from promptmill.contracts.jobs import ProviderMode
from promptmill.formats import money
from promptmill.providers.http.connections import plain_key
from promptmill.providers.http.redaction import redact
from promptmill.providers.raw import NoAnswer, RawProvider, open_raw
from promptmill.version import installed_version

WEBHOOK_CALLS: Final = ("webhook", "webhook headers")
STOPS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """What the caller allows and gives.

    Attributes:
        max_cost: Of both requests together, in USD.
        model: Of WaveSpeed; None for the cheapest that makes a picture of a prompt alone.
        callback_url: A public address that leads to `callback_port` of this machine; None: webhooks are not tried.
    """

    max_cost: Decimal
    model: str | None = None
    callback_url: str | None = None
    callback_port: int = 0
    waits: Waits = field(default_factory=Waits)


@dataclass
class _Run:
    """One canary: what it has seen, paid and given up."""

    settings: Settings
    plan: Plan
    say: Say
    seen: Seen
    stopped: list[str] = field(default_factory=list)
    paid: list[str] = field(default_factory=list)

    async def attempt(self, provider: str, step: Awaitable[None]) -> bool:
        """Return whether a step was done; keep why it was not."""
        try:
            await step
        except Unclear as why:
            self.stopped.append(f"{provider}: {str(why).rstrip('.')}. {_how_to_find(provider, self.seen)}")
        except Stop as why:
            if isinstance(why, NotSent):
                self.paid.remove(provider)
            self.stopped.append(f"{provider}: {str(why).rstrip('.')}.")
        except asyncio.CancelledError:
            if provider in self.paid:
                self.stopped.append(f"{provider}: it was interrupted. {_how_to_find(provider, self.seen)}")
            raise
        except Exception as error:  # noqa: BLE001  # what was paid for must be told, whatever else goes wrong
            how = f" {_how_to_find(provider, self.seen)}" if provider in self.paid else ""
            self.stopped.append(f"{provider}: unexpected {type(error).__name__}.{how}")
        else:
            return True
        return False


async def run_canary(settings: Settings, plan: Plan, say: Say) -> Report:
    """Look at everything that is free, pay once where there is a key, and compare.

    There is always a report, also if it is interrupted: something may have been paid for.

    Args:
        settings: The keys and addresses. With `PROMPTMILL_SIMULATED_ONLY` they do not load with real ones.
        plan: What it may cost.
        say: Is told the marker before anything is paid for, so that an interrupted run can be looked up.

    Raises:
        ConfigurationError: There is no key, or the callback's address or port cannot be used.
    """
    _check(settings, plan)
    run = _Run(settings, plan, say, Seen(marker=f"canary-{secrets.token_hex(8)}"))
    try:
        with _stopped_by_signals():
            await _try_out(run)
    except asyncio.CancelledError:
        if not run.paid:
            run.stopped.append("It was interrupted; nothing was paid.")
    return _report(run)


@contextmanager
def _stopped_by_signals() -> Iterator[None]:
    """Cancel this task when the command is interrupted, ended, or its terminal closed."""
    loop, task = asyncio.get_running_loop(), asyncio.current_task()
    if task is None:
        raise RuntimeError("a canary is run in a task")
    for number in STOPS:
        loop.add_signal_handler(number, task.cancel)
    try:
        yield
    finally:
        for number in STOPS:
            loop.remove_signal_handler(number)


async def _try_out(run: _Run) -> None:
    settings, plan = run.settings, run.plan
    async with AsyncExitStack() as stack:
        grok = await _open(run, stack, "Grok", settings.xai_api_base, "v1")
        wavespeed = await _open(run, stack, "WaveSpeed", settings.wavespeed_api_base, "api/v3")
        receiver = _listen(run, stack) if wavespeed else None
        asked_grok = grok is not None and await run.attempt("Grok", ask_free_grok(grok, run.seen, settings.grok_models))
        asked_wavespeed = wavespeed is not None and await run.attempt(
            "WaveSpeed", ask_free_wavespeed(wavespeed, run.seen, plan.model)
        )
        if not _within_limit(run):
            return
        if grok is not None and asked_grok:
            await _pay(run, "Grok", lambda: pay_grok(grok, run.seen))
        # Again: Grok's answer says what it cost, which may be more than xAI's prices make of it.
        if wavespeed is not None and asked_wavespeed and _within_limit(run):
            url = receiver.url if receiver else None
            if await _pay(run, "WaveSpeed", lambda: pay_wavespeed(wavespeed, run.seen, url)):
                await run.attempt("WaveSpeed", follow_wavespeed(wavespeed, run.seen, receiver, plan.waits))


def _check(settings: Settings, plan: Plan) -> None:
    if settings.wavespeed_api_key is None and settings.xai_api_key is None:
        raise ConfigurationError("There is no key to try: set WAVESPEED_API_KEY, XAI_API_KEY or both.")
    if plan.callback_url is None:
        return
    if settings.wavespeed_mode is ProviderMode.REAL and not plan.callback_url.startswith("https://"):
        raise ConfigurationError("--callback-url must be a public https address: WaveSpeed calls no other.")
    if not plan.callback_port and not is_loopback_url(plan.callback_url):
        raise ConfigurationError("--callback-port must be the port of this machine that --callback-url leads to.")


async def _open(run: _Run, stack: AsyncExitStack, name: str, base: str, prefix: str) -> RawProvider | None:
    """Open a provider; None without a key."""
    settings, grok = run.settings, name == "Grok"
    key, variable = (settings.xai_api_key, "XAI") if grok else (settings.wavespeed_api_key, "WAVESPEED")
    seconds = settings.grok_timeout_seconds if grok else settings.submit_timeout_seconds
    if key is None:
        return None
    try:
        return await stack.enter_async_context(open_raw(base, prefix, key, seconds=seconds, variable=variable))
    except NoAnswer as problem:
        raise ConfigurationError(str(problem)) from None


def _listen(run: _Run, stack: AsyncExitStack) -> Receiver | None:
    if run.plan.callback_url is None:
        run.seen.notes |= dict.fromkeys(WEBHOOK_CALLS, "not tried: there is no public address (--callback-url)")
        return None
    try:
        return stack.enter_context(open_receiver(run.plan.callback_url, run.plan.callback_port))
    except OSError as error:
        raise ConfigurationError(f"--callback-port {run.plan.callback_port}: {error.strerror or error}.") from None


def _within_limit(run: _Run) -> bool:
    """Whether all of it stays within the limit; nothing more is paid if it does not."""
    grok = max(
        (usd for usd in (run.seen.grok_bound_usd, run.seen.grok_cost_usd) if usd is not None), default=Decimal(0)
    )
    most, allowed = grok + (run.seen.most_usd or 0), run.plan.max_cost
    if most <= allowed:
        return True
    nothing = "Nothing more" if run.paid else "Nothing"
    run.stopped.append(f"{nothing} was paid: it may cost {money(most)}, and --max-cost allows {money(allowed)}.")
    return False


async def _pay(run: _Run, provider: str, step: Callable[[], Awaitable[None]]) -> bool:
    """Send one paid request. Who interrupts it afterwards knows what to look for."""
    try:
        run.say(f"{provider}: one paid request, marked {run.seen.marker} in its prompt.")
    except OSError as error:
        run.stopped.append(f"{provider}: nothing was paid, as its marker cannot be shown: {error.strerror or error}.")
        return False
    run.paid.append(provider)
    return await run.attempt(provider, step())


def _how_to_find(provider: str, seen: Seen) -> str:
    if provider == "Grok":
        return "It is not repeated: look at xAI's usage page for a request of this minute."
    return (
        f"It is not repeated. It may have been charged, {money(seen.most_usd or 0)} at most: look in WaveSpeed's "
        f"history for {seen.marker} in the prompt of a {seen.model}; ten minutes later a list without it means that "
        "nothing was created."
    )


def _report(run: _Run) -> Report:
    seen, settings = run.seen, run.settings
    keys = [key for each in (settings.xai_api_key, settings.wavespeed_api_key) if (key := plain_key(each))]
    return Report(
        at=datetime.now(UTC).isoformat(timespec="seconds"),  # noqa: TID251  # not in a workflow
        release=installed_version(),
        providers={"grok": settings.grok_mode, "wavespeed": settings.wavespeed_mode},
        marker=seen.marker,
        model=seen.model,
        grok_model=seen.grok_model,
        quoted_usd=None if seen.quoted_usd is None else str(seen.quoted_usd),
        grok_at_most_usd=None if seen.grok_bound_usd is None else str(seen.grok_bound_usd),
        paid=tuple(run.paid),
        stopped=tuple(_without(sentence, keys) for sentence in run.stopped),
        rows=tuple(row.model_copy(update={"seen": _without(row.seen, keys)}) for row in judged(seen)),
        forms=_without_keys(forms_of(seen), keys),
    )


def _without_keys(forms: dict[str, Any], keys: list[str]) -> dict[str, Any]:
    """Return the forms without a key: an answer may use anything as the name of a field."""
    text = json.dumps(forms)
    for key in keys:
        text = text.replace(key, "[key]")
    return dict(json.loads(text))


def _without(text: str, keys: list[str]) -> str:
    for key in keys:
        text = redact(text, key)
    return text
