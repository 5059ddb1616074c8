"""`promptmill check`: tests every configured service at no cost, and says which setting to change."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from temporalio.api.workflowservice.v1 import DescribeNamespaceRequest
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from promptmill.commands.record import open_record
from promptmill.config.advice import start_warnings
from promptmill.config.settings import Settings
from promptmill.contracts.errors import ConfigurationError, ProviderError, RecordError, RecordUnavailable
from promptmill.contracts.jobs import ProviderMode
from promptmill.formats import money, rate
from promptmill.providers.grok.client import open_grok
from promptmill.providers.wavespeed.account import open_wavespeed_account
from promptmill.store.address import left_out_problem
from promptmill.store.health import PROBE_SECONDS
from promptmill.store.migrations import knows_revision, newest_revision
from promptmill.temporal import connect
from promptmill.temporal.connection import connect_config
from promptmill.temporal.installation import identity_problem
from promptmill.temporal.keys_in_use import missing_key_problem
from promptmill.temporal.search_attributes import search_attribute_gaps

SECONDS: Final = 10
"""Timeout of one check."""

_RPC: Final = timedelta(seconds=SECONDS)


@dataclass(frozen=True)
class Finding:
    """The result of one check, in one line."""

    subject: str
    ok: bool
    text: str


Check = Callable[[Settings], Awaitable[str]]
"""Returns what works; raises `Wrong` for what does not."""


class Wrong(Exception):
    """The message says what is wrong and which setting to change."""


async def check_all(settings: Settings) -> list[Finding]:
    """Return the result of each check, in a fixed order. Costs nothing, changes nothing."""
    checks: list[tuple[str, Check]] = [
        ("Settings", check_start),
        ("Grok", check_grok),
        ("WaveSpeed", check_wavespeed),
        ("Postgres", check_postgres),
        ("Temporal", check_temporal),
    ]
    return list(await asyncio.gather(*(_run(subject, check, settings) for subject, check in checks)))


async def check_start(settings: Settings) -> str:
    """Look for settings that work but are unsafe."""
    warnings = start_warnings(settings)
    if warnings:
        raise Wrong(" ".join(warnings))
    return "nothing unsafe found"


async def check_grok(settings: Settings) -> str:
    """Ask xAI whether the key works and the configured models are available."""
    async with open_grok(settings.xai_api_base, settings.xai_api_key, timeout_seconds=SECONDS) as grok:
        key = await grok.check_key()
        if not key.ok:
            raise Wrong(key.problem or "The key does not work: set XAI_API_KEY.")
        available = await grok.models()
    missing = [model for model in settings.grok_models if model not in available]
    if missing:
        raise Wrong(
            f"This key cannot use {', '.join(missing)}: set PROMPTMILL_GROK_MODELS to models among {_few(available)}."
        )
    return f"{_mode(settings.grok_mode)} at {settings.xai_api_base}, models {', '.join(settings.grok_models)}"


async def check_wavespeed(settings: Settings) -> str:
    """Ask WaveSpeed for the balance."""
    async with open_wavespeed_account(settings.wavespeed_api_base, settings.wavespeed_api_key) as account:
        balance = await account.balance()
    if balance <= 0:
        raise Wrong(f"The balance is {money(balance)}: top up the account of WAVESPEED_API_KEY.")
    pace = settings.submission_pace
    return (
        f"{_mode(settings.wavespeed_mode)} at {settings.wavespeed_api_base}, balance {money(balance)}, tier "
        f"{settings.wavespeed_tier}: {'up to ' if pace.adapts else ''}{rate(pace.per_second)}"
    )


async def check_postgres(settings: Settings) -> str:
    """Ask Postgres for the schema's revision, and whether its functions are this release's."""
    wanted = newest_revision()
    async with open_record(settings) as store:
        await store.operations.ping()
        found = await store.operations.schema_revision()
        if found is None:
            raise Wrong("The schema is missing: run `promptmill migrate`, or check the database name in DATABASE_URL.")
        if not knows_revision(found):
            raise Wrong(
                f"The schema is at revision {found}, newer than this release, which needs {wanted}: run a newer "
                "release, or check the database name in DATABASE_URL."
            )
        if found != wanted:
            raise Wrong(
                f"The schema is at revision {found}, but this release needs {wanted}: run `promptmill migrate`."
            )
        differing = await store.operations.differing_functions()
    if differing:
        return (
            f"reachable, schema revision {found}; another release's functions, normal during a deployment, otherwise "
            f"run `promptmill migrate`: {_few(differing)}"
        )
    unused = left_out_problem(settings.require_database_urls())
    return f"reachable, schema revision {found}" + (f". {unused}" if unused else "")


async def check_temporal(settings: Settings) -> str:
    """Ask Temporal for the namespace, and whether it is the Temporal that the record belongs to."""
    config = connect_config(settings)
    namespace = config.get("namespace", "default")
    try:
        client = await connect(settings)
        await client.workflow_service.describe_namespace(DescribeNamespaceRequest(namespace=namespace), timeout=_RPC)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            raise Wrong(f"Namespace '{namespace}' does not exist: create it, or set TEMPORAL_NAMESPACE.") from error
        raise Wrong(f"Temporal refused ({error.message}): check TEMPORAL_API_KEY and TEMPORAL_NAMESPACE.") from error
    except RuntimeError as error:
        raise Wrong(
            f"No response from {config.get('target_host')}: check TEMPORAL_ADDRESS and TEMPORAL_TLS."
        ) from error
    reachable = f"reachable at {config.get('target_host')}, namespace {namespace}"
    if (unfit := await _namespace_problem(client, settings)) is not None:
        raise Wrong(unfit)
    if settings.payload_keys:
        reachable += f", payloads encrypted with the key {settings.payload_keys[0].id}"
    return f"{reachable}{await _whose_record(client, settings)}"


async def _whose_record(client: Client, settings: Settings) -> str:
    """Fail if the record belongs to another Temporal; return what is to be added if that cannot be told."""
    if settings.database_url is None:
        return ""
    try:
        async with (
            asyncio.timeout(PROBE_SECONDS),
            open_record(settings) as store,
        ):
            problem = await identity_problem(store, client)
    except (RecordError, ConfigurationError, TimeoutError):
        # Problems with Postgres are reported on its own line.
        return "; whether the record belongs to it is unknown while Postgres cannot be asked"
    if problem is not None:
        raise Wrong(problem)
    return ""


async def _namespace_problem(client: Client, settings: Settings) -> str | None:
    """Return which keys of payloads are missing, or which search attributes have another type.

    Missing attributes are registered by the first worker.
    """
    missing = await missing_key_problem(client, settings.task_queue, settings.payload_keys)
    if missing is not None:
        return missing
    try:
        return (await search_attribute_gaps(client, settings.search_attribute_prefix)).type_problem
    except RPCError:
        # If listing them is not allowed, nothing is known, and nothing else depends on it.
        return None


async def _run(subject: str, check: Check, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(SECONDS + 2):
            return Finding(subject, ok=True, text=await check(settings))
    except (Wrong, ConfigurationError, ProviderError) as error:
        return Finding(subject, ok=False, text=str(error))
    except RecordUnavailable as error:
        return Finding(subject, ok=False, text=f"{str(error).rstrip('.')}: check DATABASE_URL.")
    except TimeoutError:
        return Finding(subject, ok=False, text=f"No response within {SECONDS} s: check its address.")


def _mode(mode: ProviderMode) -> str:
    return "REAL, will be billed," if mode is ProviderMode.REAL else "simulated"


def _few(names: list[str], limit: int = 8) -> str:
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "") or "none"
