"""`promptmill check`: what is wrong, and which setting to change; nothing is paid."""

from __future__ import annotations

import pytest

from promptmill.commands.check import Finding, check_all
from promptmill.config.settings import load_settings
from promptmill.local.ports import free_port
from promptmill.store import Store
from promptmill.store.migrations import newest_revision
from tests.fixtures.simulators import ProviderSimulator
from tests.support import open_http


async def check(environment: dict[str, str], **values: str) -> dict[str, Finding]:
    findings = await check_all(load_settings(environment | values))
    return {finding.subject: finding for finding in findings}


def failed(findings: dict[str, Finding]) -> dict[str, str]:
    return {subject: finding.text for subject, finding in findings.items() if not finding.ok}


async def test_everything_is_well(settings_environment: dict[str, str]) -> None:
    findings = await check(settings_environment)

    assert failed(findings) == {}
    assert list(findings) == ["Settings", "Grok", "WaveSpeed", "Postgres", "Temporal"]
    assert f"schema revision {newest_revision()}" in findings["Postgres"].text


async def test_functions_of_another_release_are_told_and_are_no_fault(
    settings_environment: dict[str, str], store: Store
) -> None:
    await store.jobs.database.run(
        "UPDATE applied_functions SET sha256 = 'another' WHERE name IN ('accept_job', 'move_job')"
    )

    postgres = (await check(settings_environment))["Postgres"]

    assert postgres.ok
    assert "another release's functions" in postgres.text
    assert postgres.text.endswith("run `promptmill migrate`: accept_job, move_job")


async def test_nothing_is_paid(
    settings_environment: dict[str, str],
    wavespeed_simulator: ProviderSimulator,
    grok_simulator: ProviderSimulator,
    account: str,
) -> None:
    await check(settings_environment)

    async with open_http() as http:
        for simulator in (wavespeed_simulator, grok_simulator):
            book = (await http.get(f"{simulator.url}/_simulator/accounts/{account}")).raise_for_status().json()
            assert book["requests"] != []
            assert [entry for entry in book["ledger"] if entry["kind"] == "charge"] == []


async def test_missing_keys_name_their_settings(settings_environment: dict[str, str]) -> None:
    wrong = failed(await check(settings_environment, XAI_API_KEY="", WAVESPEED_API_KEY=""))

    assert wrong.keys() == {"Grok", "WaveSpeed"}
    assert "XAI_API_KEY" in wrong["Grok"]
    assert "WAVESPEED_API_KEY" in wrong["WaveSpeed"]


async def test_provider_that_does_not_answer_names_its_address(settings_environment: dict[str, str]) -> None:
    nobody = f"http://127.0.0.1:{free_port()}"

    wrong = failed(await check(settings_environment, XAI_API_BASE=nobody, WAVESPEED_API_BASE=nobody))

    assert wrong.keys() == {"Grok", "WaveSpeed"}
    assert "XAI_API_BASE" in wrong["Grok"]
    assert "WAVESPEED_API_BASE" in wrong["WaveSpeed"]


async def test_model_that_the_key_may_not_use_is_named(settings_environment: dict[str, str]) -> None:
    wrong = failed(await check(settings_environment, PROMPTMILL_GROK_MODELS="grok-4.3,grok-none"))

    assert "cannot use grok-none: set PROMPTMILL_GROK_MODELS to models among grok-" in wrong["Grok"]


async def test_empty_account_is_told(
    settings_environment: dict[str, str], wavespeed_simulator: ProviderSimulator, account: str
) -> None:
    async with open_http() as http:
        answer = await http.put(f"{wavespeed_simulator.url}/_simulator/accounts/{account}/credit", json={"usd": "0"})
        answer.raise_for_status()

    assert "top up" in failed(await check(settings_environment))["WaveSpeed"]


async def test_postgres_that_is_away_names_its_setting(settings_environment: dict[str, str]) -> None:
    away = f"postgresql://postgres@127.0.0.1:{free_port()}/none"

    wrong = failed(await check(settings_environment, DATABASE_URL=away))

    assert "check DATABASE_URL" in wrong["Postgres"]


async def test_password_of_the_database_is_not_told(settings_environment: dict[str, str]) -> None:
    away = f"postgresql://postgres:hush@127.0.0.1:{free_port()}/none"

    assert "hush" not in str(await check(settings_environment, DATABASE_URL=away))


async def test_database_without_schema_is_told(settings_environment: dict[str, str], empty_database_url: str) -> None:
    wrong = failed(await check(settings_environment, DATABASE_URL=empty_database_url))

    assert "run `promptmill migrate`" in wrong["Postgres"]


@pytest.mark.parametrize(
    ("variable", "value", "told"),
    [
        ("TEMPORAL_ADDRESS", "127.0.0.1:{port}", "No response from 127.0.0.1:{port}: check TEMPORAL_ADDRESS"),
        ("TEMPORAL_NAMESPACE", "missing", "Namespace 'missing' does not exist: create it, or set TEMPORAL_NAMESPACE"),
    ],
)
async def test_wrong_temporal_names_its_setting(
    settings_environment: dict[str, str], variable: str, value: str, told: str
) -> None:
    port = free_port()

    wrong = failed(await check(settings_environment, **{variable: value.format(port=port)}))

    assert told.format(port=port) in wrong["Temporal"]


@pytest.mark.parametrize("url", ["postgresql://postgres@127.0.0.1:{port}/none", "postgresql://127.0.0.1:port/none"])
async def test_wrong_postgres_leaves_the_line_of_temporal_alone(settings_environment: dict[str, str], url: str) -> None:
    findings = await check(settings_environment, DATABASE_URL=url.format(port=free_port()))

    assert failed(findings).keys() == {"Postgres"}
    assert "unknown while Postgres cannot be asked" in findings["Temporal"].text


async def test_schema_of_a_newer_release_is_told_as_such(settings_environment: dict[str, str], store: Store) -> None:
    await store.jobs.database.run("UPDATE alembic_version SET version_num = '9999'")

    wrong = failed(await check(settings_environment))["Postgres"]

    assert "at revision 9999, newer than this release" in wrong
    assert "promptmill migrate" not in wrong
