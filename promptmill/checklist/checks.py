"""The checks by the names that `docs/checklist.toml` uses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from promptmill.checklist import keeping, logs, papers, providers, running, schema, security, trials, watching
from promptmill.checklist.findings import Check

CHECKS: Final[Mapping[str, Check]] = {
    "schema": schema.schema_is_current,
    "columns": schema.columns_exist,
    "functions": schema.functions_exist,
    "rehearsal": schema.functions_work,
    "grok-key": providers.grok_key_is_set,
    "wavespeed-key": providers.wavespeed_key_is_set,
    "wavespeed-address": providers.wavespeed_address_is_set,
    "providers": providers.providers_answer,
    "release": running.release_runs,
    "page": running.page_is_served,
    "init": running.was_set_up,
    "service": running.service_runs,
    "background": running.background_works,
    "errors-logged": running.starts_without_errors,
    "flags": running.flags_are_known,
    "brakes": running.brakes_are_open,
    "statistics": trials.statistics_are_told,
    "prompt-queued": trials.prompt_is_queued,
    "prompt-status": trials.prompt_status_is_told,
    "prompt-cancelled": trials.prompt_is_cancelled,
    "reconciler-pass": trials.reconciler_runs,
    "job-accepted": trials.job_is_accepted,
    "job-prompt-queued": trials.jobs_prompt_is_queued,
    "job-order": trials.job_waits_for_its_prompt,
    "job-completes": trials.job_completes,
    "job-prompt-fails": trials.failed_prompt_is_handled,
    "undone": trials.all_is_undone,
    "series": watching.series_are_there,
    "alerts": watching.alerts_are_loaded,
    "job-lines": logs.job_is_logged,
    "lines-together": logs.lines_meet,
    "backup-tables": keeping.backups_hold_every_table,
    "backup-tried": keeping.backup_was_tried,
    "backup-whole": keeping.backup_is_whole,
    "done-lately": keeping.was_done_lately,
    "leftovers": keeping.nothing_is_left_in_postgres,
    "keys": security.keys_are_required,
    "scopes": security.scopes_are_required,
    "refusals": security.refusals_tell_nothing,
    "input": security.input_is_validated,
    "rate": security.rate_is_limited,
    "documents": papers.documents_are_there,
    "objective": papers.objective_is_met,
    "load": papers.load_was_borne,
}
