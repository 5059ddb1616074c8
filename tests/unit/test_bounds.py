"""The tables of bounds in SECURITY.md and docs/operations.md: every number in them is the code's."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import h11._connection
import pytest
from limits import RateLimitItemPerDay, RateLimitItemPerMinute

import worker.__main__ as worker_process
from activities import bills, late, persistence, prompts, reconciliation, results
from api import serving
from api.access import identities, single_sign_on
from api.batches import bodies as table_bodies
from api.batches import costs, looking
from api.catalogue import prices, reading
from api.http import bodies, connections, errors, guard, origins, wrong_tokens
from api.http.problem_kinds import PROBLEM_KINDS
from api.live import event_stream, subscribers
from api.schemas import access, batches, fields, jobs
from api.uploads import form, scans, slots
from api.webhooks import signatures
from promptmill import addresses, bounded_connections, spelling, strict_json, telemetry
from promptmill.api_resources import READ_BYTES
from promptmill.batches import rows
from promptmill.config.settings import Settings, variable_name
from promptmill.config.tiers import WaveSpeedTier, pace_of
from promptmill.contracts import access as access_contract
from promptmill.contracts import batches as contract
from promptmill.contracts import limits as owner_limits
from promptmill.contracts import placeholders
from promptmill.contracts.errors import MESSAGE_LIMIT
from promptmill.outputs import render_process, renderer
from promptmill.providers.callbacks import sender
from promptmill.providers.grok import completions, writings
from promptmill.providers.grok import errors as grok_errors
from promptmill.providers.http import answers, checked_hosts, redaction
from promptmill.providers.outputs import fetcher, heads, opening
from promptmill.providers.wavespeed import account, billing, client, models, predictions
from promptmill.providers.wavespeed import answers as wavespeed_answers
from promptmill.store import access as access_store
from promptmill.store import address, connection, listening, migrations, pool
from promptmill.store.job_lists import LISTED_OUTPUT_CHARACTERS, SEARCHED
from promptmill.temporal import gate
from tests.markdown import MarkdownPage
from worker import health, reader
from workflows import policies

ROOT = Path(__file__).parents[2]
SECURITY = MarkdownPage.of(ROOT / "SECURITY.md").section("What is bounded by which number")
OPERATIONS = MarkdownPage.of(ROOT / "docs" / "operations.md").section("Limits")
AUTO_PACE = pace_of(WaveSpeedTier.AUTO, per_second=None, concurrency=None)
DEFAULTS = {variable_name(name): field.default for name, field in Settings.model_fields.items()} | {
    # what applies if neither they nor another tier is set
    "PROMPTMILL_WAVESPEED_CONCURRENCY": AUTO_PACE.concurrency,
    "PROMPTMILL_WAVESPEED_PER_SECOND": AUTO_PACE.per_second,
}
KIB, MIB = 1024, 1024 * 1024
KEEPALIVE = address.Keepalive()


def number(amount: Any, unit: str = "") -> str:
    """Return an amount as in the tables: `1,000 events` without its noun, with a unit if there is one."""
    plain = f"{amount:,.12f}".rstrip("0").rstrip(".")
    return f"{plain} {unit}".strip()


def seconds(duration: timedelta | float) -> str:
    return number(duration.total_seconds() if isinstance(duration, timedelta) else duration, "s")


def setting(name: str, unit: str = "", per: int = 1) -> str:
    return number(DEFAULTS[f"PROMPTMILL_{name}"] / per, unit)


BOUNDS: dict[str, list[str]] = {
    # -- callers
    "connections to the API": [setting("MAX_CONNECTIONS"), number(connections.REFUSED_AT_ONCE)],
    "a connection's first request, and each request's head": [
        seconds(bounded_connections.HEAD_SECONDS),
        number(h11._connection.DEFAULT_MAX_INCOMPLETE_EVENT_SIZE / KIB, "KiB"),  # uvicorn's, which we leave as it is
    ],
    "connections to the worker's health and metrics": [number(health.MAX_CONNECTIONS)],
    "an idle connection after an answer": [setting("KEEP_ALIVE_SECONDS")],
    "a body": [seconds(bodies.BODY_SECONDS), seconds(bodies.TABLE_SECONDS), seconds(form.READ_SECONDS)],
    "a JSON body": [
        setting("MAX_BODY_BYTES", "KiB", KIB),
        number(strict_json.MAX_DEPTH),
        number(strict_json.MAX_DIGITS),
    ],
    "a body with a table, or one of /mcp": [
        number(bodies.TABLE_BYTES / MIB, "MiB"),
        number(table_bodies.MOST_VALUES),
        number(contract.MOST_ROWS),
        number(rows.MOST_COLUMNS),
        number(rows.CELL_CHARACTERS),
        number(rows.KEY_CHARACTERS),
        number(placeholders.MOST_FILLED),
    ],
    "tables at once": [number(table_bodies.AT_ONCE), seconds(table_bodies.TURN_SECONDS)],
    "faults of a table in one response; the prices that a plan asks for": [
        number(batches.FAULTS_TOLD),
        number(costs.MOST_PRICES),
        seconds(costs.PRICES_SECONDS),
        number(costs.AT_ONCE),
    ],
    "a webhook": [number(bodies.WEBHOOK_BYTES / MIB, "MiB"), seconds(signatures.MAX_AGE_SECONDS)],
    "all JSON bodies, all webhooks' bodies, all tables, and all calls of /mcp, at once": [
        number(bodies.IN_FLIGHT_BYTES / MIB, "MiB")
    ],
    "the rest of a refused body": [
        number(bodies.DISCARDED_BYTES / MIB, "MiB"),
        seconds(bounded_connections.REST_SECONDS),
    ],
    "a response that its caller does not read": [seconds(bounded_connections.TAKE_SECONDS)],
    "an owner's open jobs, and its open prompt jobs, with all processes of the API together": [],
    "an owner's requests that write or cost, and its uploads": [
        seconds(RateLimitItemPerMinute(1).get_expiry()),
        number(RateLimitItemPerDay(1).get_expiry() / 3600),
    ],
    "outputs of one job": [setting("OUTPUTS_PER_JOB")],
    "live streams, and requests that wait as these do": [setting("STREAMS_PER_OWNER")],
    "a request in OpenAI's shape that waits": [setting("SYNC_SECONDS")],
    "pictures that such a request gets as text": [number(READ_BYTES / MIB, "MiB")],
    "patterns of models of an owner; the reason of a pause": [
        number(owner_limits.MOST_PATTERNS),
        number(owner_limits.PATTERN_CHARACTERS),
        number(owner_limits.REASON_CHARACTERS),
    ],
    "a live stream that its caller does not read": [
        seconds(event_stream.SEND_TIMEOUT_SECONDS),
        number(subscribers.MAX_PENDING),
    ],
    "an uploaded image": [
        setting("UPLOAD_MAX_BYTES", "MiB", MIB),
        number(bodies.ENVELOPE_BYTES / KIB, "KiB"),
        setting("UPLOAD_MAX_PIXELS"),
        number(scans.MAX_SCANS),
    ],
    "uploads at once": [setting("UPLOADS_AT_ONCE"), number(slots.SLOTS_PER_DECODER), seconds(slots.WAIT_SECONDS)],
    "wrong keys and tokens of one address": [
        number(wrong_tokens.MOST_WRONG),
        seconds(wrong_tokens.WINDOW_SECONDS),
        seconds(wrong_tokens.FIRST_PAUSE_SECONDS),
        number(wrong_tokens.MOST_CALLERS),
        number(wrong_tokens.MOST_SLOWED),
    ],
    "keys and sessions that a process remembers": [
        number(identities.MOST_REMEMBERED),
        seconds(identities.FRESH_SECONDS),
    ],
    "an unused session": [number(access_store.SESSION_HOURS)],
    "a key's name, and what a browser signs in with": [
        number(access_contract.NAME_CHARACTERS),
        number(access.SECRET_CHARACTERS),
    ],
    "the name of a person whom a proxy signs in": [number(single_sign_on.PERSON_CHARACTERS)],
    "what a browser remembers of an allowed origin's rights": [seconds(origins.PREFLIGHT_SECONDS)],
    "errors in one 422": [number(errors.MAX_ERRORS), number(errors.NAME_CHARACTERS), number(spelling.MAX_GUESSES)],
    "a job's text": [
        number(fields.PROMPT_CHARACTERS),
        number(fields.INSTRUCTIONS_CHARACTERS),
        number(jobs.INPUT_BYTES / KIB, "KiB"),
        number(fields.REF_URLS),
        number(addresses.MAX_URL_CHARACTERS),
    ],
    "jobs in one response": [number(jobs.JOBS_AT_ONCE)],
    "jobs that a search looks at for one response": [number(SEARCHED)],
    "an output's URL or text in lists": [number(LISTED_OUTPUT_CHARACTERS)],
    "price requests at once": [number(prices.AT_ONCE), seconds(prices.WAIT_SECONDS)],
    "waiting for WaveSpeed's list at acceptance": [
        seconds(reading.PATIENCE_SECONDS),
        seconds(reading.FIRST_LIST_SECONDS),
    ],
    "a path in the log": [number(guard.PATH_CHARACTERS), number(telemetry.MAX_TEXT)],
    # -- providers and receivers
    "a request to Grok": [setting("GROK_TIMEOUT_SECONDS")],
    "a submission to WaveSpeed": [setting("SUBMIT_TIMEOUT_SECONDS")],
    "WaveSpeed's free answers": [
        seconds(client.READ_SECONDS),
        seconds(account.PRICE_SECONDS),
        seconds(account.MODELS_SECONDS),
    ],
    "an answer of a provider": [number(answers.BODY_LIMIT / MIB, "MiB"), number(account.MODELS_BYTES / MIB, "MiB")],
    "WaveSpeed's list of models": [number(models.MAX_MODELS)],
    "a callback's delivery": [
        setting("CALLBACK_TIMEOUT_SECONDS"),
        number(checked_hosts._ADDRESSES),
        setting("CALLBACK_GIVE_UP_SECONDS"),
    ],
    "callbacks to one host, and for one owner, at once in a worker": [
        setting("CALLBACK_CONCURRENCY_PER_HOST"),
        setting("CALLBACK_CONCURRENCY_PER_OWNER"),
    ],
    "a receiver's response to a callback": [],
    "the files that a table names": [
        number(heads.HEAD_BYTES),
        number(looking.AT_ONCE),
        seconds(looking.LOOKING_SECONDS),
        seconds(heads.HEAD_SECONDS),
        number(heads.RESOLVING),
        number(looking.REMEMBERED),
        seconds(looking.FITTING_SECONDS),
        seconds(looking.OTHER_SECONDS),
    ],
    "an output that is stored": [
        setting("OUTPUTS_FILE_MAX_MB"),
        setting("OUTPUTS_FETCH_SECONDS"),
        seconds(fetcher.SILENCE_SECONDS),
        number(opening._REDIRECTS),
        number(checked_hosts._ADDRESSES),
    ],
    "an output that is rendered": [
        number(render_process.MOST_PIXELS),
        number(render_process.MEMORY_BYTES / MIB, "MiB"),
        seconds(render_process.CPU_SECONDS),
        seconds(renderer.SECONDS),
    ],
    "a provider's words": [number(redaction.MAX_TEXT), number(MESSAGE_LIMIT)],
    "what decides the meaning of xAI's error": [number(grok_errors._JUDGED_CHARACTERS)],
    "Grok's text that is searched for the prompt": [
        number(writings._READ_CHARACTERS),
        number(writings._OBJECTS_TRIED),
    ],
    "tokens and cost of one Grok answer": [number(completions.TOKENS_LIMIT), number(completions.COST_LIMIT_USD)],
    "requests to one Grok model for one prompt": [setting("GROK_MAX_RETRIES"), number(prompts.UNUSABLE_RETRIES)],
    "Retry-After that is honoured": [seconds(answers.MAX_WAIT), seconds(sender.MAX_WAIT)],
    "an amount in WaveSpeed's answers": [
        number(wavespeed_answers.NO_PRICE_USD),
        number(wavespeed_answers.NO_AMOUNT_USD),
    ],
    "WaveSpeed's billing entries": [number(billing.MAX_PAGES), number(billing.PAGE_SIZE)],
    "reads of a prediction that completed without an output": [seconds(results.ResultReader.empty_again)],
    "a status of WaveSpeed's in the timeline": [number(predictions.STATUS_CHARACTERS)],
}

LIMITS: dict[str, list[str]] = {
    # -- the worker
    "requests to Grok at once": [setting("GROK_CONCURRENCY")],
    "submissions at once": [setting("WAVESPEED_CONCURRENCY")],
    "outputs fetched at once": [setting("OUTPUTS_CONCURRENCY")],
    "callbacks at once": [setting("CALLBACK_CONCURRENCY")],
    "of these, to one host": [setting("CALLBACK_CONCURRENCY_PER_HOST")],
    "of these, for one owner": [setting("CALLBACK_CONCURRENCY_PER_OWNER")],
    "workflow tasks and free activities at once": [setting("WORKFLOW_CONCURRENCY")],
    "results read at once": [number(reader.AT_ONCE), seconds(reader.READ_SECONDS)],
    "a claimed reading is another worker's again": [seconds(reader.LEASE)],
    "workflows in memory": [setting("MAX_CACHED_WORKFLOWS")],
    "finishing running work at a stop": [setting("SHUTDOWN_SECONDS", "s")],
    "open files beside connections to providers, receivers and Postgres": [number(worker_process.OTHER_FILES)],
    "a worker that is silent is replaced": [seconds(policies.HEARTBEAT), setting("STICKY_SECONDS", "s")],
    "a pause after Postgres or Temporal was not found at the start": [seconds(worker_process._RETRY_SECONDS)],
    "recording WaveSpeed's answer while Postgres is away": [seconds(persistence.KEEP_TRYING_SECONDS)],
    # -- all workers together
    "requests to Grok per second": [setting("GROK_PER_SECOND")],
    "submissions per second": [setting("WAVESPEED_PER_SECOND")],
    "reads of results per second": [setting("POLLS_PER_SECOND")],
    "a pass of the reconciler": [setting("RECONCILE_TIMEOUT_SECONDS", "s"), setting("RECONCILE_SECONDS", "s")],
    "open rows compared in one pass": [setting("RECONCILE_BATCH")],
    "rows closed in one pass": [setting("RECONCILE_STOP_AFTER")],
    "in one pass: workflows started, cancels repeated": [
        number(reconciliation._STARTS_PER_PASS),
        number(reconciliation._CANCELS_PER_PASS),
    ],
    "in one pass: webhooks, unclear submissions, late predictions": [
        number(late._DELIVERIES_PER_PASS),
        number(late._SUBMISSIONS_PER_PASS),
        number(late._PREDICTIONS_PER_PASS),
    ],
    "in one pass: bills": [
        number(bills.BATCHES_PER_PASS),
        number(bills.BATCH),
        seconds(bills.SECONDS_PER_PASS),
    ],
    "media of an ended job is fetched": [setting("LATE_DAYS", "days")],
    "the bill of a prediction is asked for": [setting("BILL_DAYS", "days")],
    # -- the API
    "starting or cancelling a workflow": [
        seconds(gate.CALL_SECONDS),
        setting("TEMPORAL_START_SECONDS", "s"),
        number(gate.MAX_CALLS),
    ],
    "no calls to Temporal after one has failed": [setting("TEMPORAL_BREAKER_SECONDS", "s")],
    "running requests at a stop": [seconds(serving.GRACE_SECONDS)],
    "a heartbeat of an idle live stream": [setting("STREAM_HEARTBEAT_SECONDS", "s")],
    "open files beside connections of callers and of Postgres": [
        number(connections.OTHER_FILES),
        number(connections.REFUSED_AT_ONCE),
    ],
    "WaveSpeed's list of models is kept": [setting("MODELS_CACHE_SECONDS", "s")],
    # -- Postgres
    "connections per process": [setting("DATABASE_POOL_SIZE"), number(1)],
    "opening a connection": [seconds(address.CONNECT_SECONDS), seconds(address.MAX_CONNECT_SECONDS)],
    "waiting for a free connection": [seconds(address.CONNECT_SECONDS)],
    "one statement": [seconds(connection.COMMAND_SECONDS)],
    "a check of a connection that was idle, or was idle when another statement was cancelled": [
        seconds(pool.ANSWER_SECONDS),
        seconds(pool.IDLE_SECONDS),
    ],
    "age of a connection": [number(pool.RECYCLE_SECONDS / 60, "minutes")],
    "TCP keepalive": [
        seconds(KEEPALIVE.idle_seconds),
        number(KEEPALIVE.count),
        seconds(KEEPALIVE.interval_seconds),
    ],
    "sent data without acknowledgement": [seconds(KEEPALIVE.unanswered_ms / 1000)],
    "check of the listening connection": [seconds(listening.CHECK_SECONDS), seconds(listening.ANSWER_SECONDS)],
    "waiting for a table in a migration": [
        seconds(migrations.TABLE_LOCK_SECONDS),
        *[seconds(migrations.LOCK_SECONDS)] * 2,
    ],
}


def numbers_in(text: str) -> list[str]:
    return [
        " ".join(filter(None, found))
        for found in re.findall(r"(?<![\w.,])(\d[\d,]*\b(?:\.\d+)?)(?: (s|KiB|MiB|minutes|days)\b)?", text)
    ]


@pytest.mark.parametrize(
    ("page", "head", "bounds"),
    [(SECURITY, ("what", "bound", "beyond it"), BOUNDS), (OPERATIONS, ("what", "limit", "setting"), LIMITS)],
    ids=["SECURITY.md", "docs/operations.md"],
)
def test_every_number_in_the_table_is_the_codes(
    page: MarkdownPage, head: tuple[str, ...], bounds: dict[str, list[str]]
) -> None:
    assert {row[0].text: numbers_in(row[1].text) for row in page.rows(*head)} == bounds


def test_every_answer_beyond_a_bound_has_the_status_of_its_code() -> None:
    named = [re.findall(r"(\d{3}) (\w+)", cells[2].text) for cells in SECURITY.rows("what", "bound", "beyond it")]
    pairs = [(code, int(status)) for row in named for status, code in row if code in PROBLEM_KINDS]
    assert len(pairs) > 5
    assert pairs == [(code, PROBLEM_KINDS[code].status.value) for code, _ in pairs]


def test_every_setting_in_the_operators_table_has_the_limit_beside_it_as_its_default() -> None:
    for what, limit, named in OPERATIONS.rows("what", "limit", "setting"):
        for name in (code for code in named.code if code.startswith("PROMPTMILL_")):
            assert number(DEFAULTS[name]) in [one.partition(" ")[0] for one in numbers_in(limit.text)], what.text


@pytest.mark.parametrize(
    "page", ["SECURITY.md", "README.md", *(f"docs/{path.name}" for path in (ROOT / "docs").glob("*.md"))]
)
def test_a_number_behind_a_setting_is_its_default(page: str) -> None:
    """As in `PROMPTMILL_LATE_DAYS` (7)."""
    for name, told, unit in re.findall(
        r"`(PROMPTMILL_\w+)` \((\d[\d,]*(?:\.\d+)?)(?: (KiB|MiB))?\)", (ROOT / page).read_text()
    ):
        if name in DEFAULTS:  # the others are the compose file's
            assert float(told.replace(",", "")) == DEFAULTS[name] / {"KiB": KIB, "MiB": MIB}.get(unit, 1), name
