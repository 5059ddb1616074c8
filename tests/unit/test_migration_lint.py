"""Migrations are linted, and what may block the service is found."""

from __future__ import annotations

import re

import pytest

from promptmill.store.migrations import revisions_after, script_between
from tests.fixtures.session import ROOT
from tests.migration_lint import EXCEPTIONS, NOT_HERE, RELEASED, lint, lint_all


def test_no_revision_since_the_last_release_has_a_finding() -> None:
    assert lint_all() == ""


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("CREATE INDEX jobs_model_idx ON jobs (model);", "require-concurrent-index-creation"),
        ("ALTER TABLE jobs ADD COLUMN size integer NOT NULL;", "adding-required-field"),
        ("ALTER TABLE jobs ALTER COLUMN priority TYPE bigint;", "changing-column-type"),
        ("ALTER TABLE jobs ADD CONSTRAINT jobs_size CHECK (priority > 0);", "constraint-missing-not-valid"),
        ("ALTER TABLE jobs DROP COLUMN model;", "ban-drop-column"),
        ("ALTER TABLE jobs ADD;", "syntax-error"),
    ],
)
def test_what_would_block_or_break_the_service_is_found(statement: str, rule: str) -> None:
    assert f" {rule} " in f"{lint('0099', f'BEGIN;{statement}COMMIT;')} "


def test_every_exception_is_needed() -> None:
    told = {revision: lint("none", script_between(before, revision)) for revision, before in revisions_after(RELEASED)}
    for revision, rules in EXCEPTIONS.items():
        assert {rule for rule in rules if f": {rule} " not in told[revision]} == set()
    assert NOT_HERE.keys().isdisjoint(rule for rules in EXCEPTIONS.values() for rule in rules)


def test_the_last_release_is_the_one_before_the_changelogs_unreleased_revisions() -> None:
    changelog = (ROOT / "CHANGELOG.md").read_text()
    first, last = re.findall(r"applies revisions (\d{4}) to (\d{4})", changelog)[0]
    [*unreleased] = [revision for revision, _ in revisions_after(RELEASED)]
    assert (first, last) == (unreleased[0], unreleased[-1])
