"""What the database itself says of its schema: columns, signatures, the text of functions; and a rehearsal of three."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final

from promptmill.store.database import Database
from promptmill.store.functions import functions_in

_COLUMNS: Final = """
    SELECT column_name FROM information_schema.columns
    WHERE table_schema = current_schema() AND table_name = CAST(:table AS text)
"""
_TABLES: Final = """
    SELECT relname AS name FROM pg_class
    WHERE relnamespace = to_regnamespace(current_schema()) AND relkind IN ('r', 'p') AND NOT relispartition
"""
# A scratch database that somebody uses is one of a backup that is being verified.
_LEFTOVERS: Final = """
    SELECT 'the schema ' || nspname AS name FROM pg_namespace
    WHERE nspname = 'dry_run' OR nspname LIKE 'promptmill\\_before\\_%'
    UNION ALL
    SELECT 'the database ' || d.datname FROM pg_database AS d, pg_database AS own
    WHERE own.datname = current_database() AND d.datname = 'promptmill_verify_' || own.oid
      AND NOT EXISTS (SELECT FROM pg_stat_activity AS a WHERE a.datid = d.oid)
    ORDER BY name
"""
_SIGNATURES: Final = """
    SELECT proname AS name, pg_get_function_arguments(oid) AS arguments FROM pg_proc
    WHERE pronamespace = to_regnamespace(current_schema()) AND proname = ANY (CAST(:names AS text[]))
"""
_TEXTS: Final = """
    SELECT proname AS name, prosrc AS body FROM pg_proc WHERE pronamespace = to_regnamespace(current_schema())
"""
# The inner block is undone as a whole by the error at its end, which the outer one expects; any other error is told.
# The sample is older and more urgent than everything else, so that no other row is claimed, not even for a moment.
_REHEARSAL: Final = """
    DO $$
    DECLARE
        v_id uuid := gen_random_uuid();
        v_row prompt_generation_jobs;
        v_queued bigint;
    BEGIN
        PERFORM insert_prompt_job(jsonb_build_object(
            'id', v_id, 'owner', 'local', 'operation', 'generate', 'ref_urls', '[]'::jsonb, 'instructions', 'A sample',
            'priority', 10, 'max_retries', 0, 'deadline_seconds', 600));
        UPDATE prompt_generation_jobs SET claimed_at = NULL, created_at = 'epoch' WHERE id = v_id;
        SELECT total_queued INTO v_queued FROM get_prompt_queue_stats();
        IF v_queued IS NULL OR v_queued < 1 THEN
            RAISE EXCEPTION 'get_prompt_queue_stats counts % queued, not the sample', v_queued;
        END IF;
        SELECT * INTO v_row FROM claim_prompt_jobs(1);
        IF v_row.id IS DISTINCT FROM v_id THEN
            RAISE EXCEPTION 'claim_prompt_jobs did not return the sample';
        END IF;
        PERFORM update_prompt_job_status(v_id, 'processing');
        v_row := update_prompt_job_status(v_id, 'completed', 'A sample prompt');
        IF v_row.status <> 'completed' OR v_row.generated_prompt <> 'A sample prompt' THEN
            RAISE EXCEPTION 'update_prompt_job_status left the sample %', v_row.status;
        END IF;
        RAISE SQLSTATE 'PMUND';
    EXCEPTION WHEN SQLSTATE 'PMUND' THEN
        NULL;
    END
    $$
"""


@dataclass(frozen=True)
class CatalogueStore:
    """The schema as it is, whatever `applied_functions` notes."""

    database: Database

    async def postgres_version(self) -> str:
        """Return the server's version."""
        return str(await self.database.value("SELECT current_setting('server_version')"))

    async def columns(self, table: str) -> frozenset[str]:
        """Return a table's columns; none if there is no such table."""
        return frozenset(row["column_name"] for row in await self.database.mappings(_COLUMNS, table=table))

    async def tables(self) -> frozenset[str]:
        """Return the record's tables."""
        return frozenset(row["name"] for row in await self.database.mappings(_TABLES))

    async def leftovers(self) -> list[str]:
        """Return what trials and restores have left on the server."""
        return [row["name"] for row in await self.database.mappings(_LEFTOVERS)]

    async def signatures(self, names: Collection[str]) -> Mapping[str, str]:
        """Return the arguments of those of these functions that exist, by name."""
        rows = await self.database.mappings(_SIGNATURES, names=[*names])
        return {row["name"]: row["arguments"] for row in rows}

    async def altered_functions(self) -> list[str]:
        """Return the functions of this release that are missing, or whose body differs, also by hand."""
        bodies = {(row["name"], row["body"]) for row in await self.database.mappings(_TEXTS)}
        return [
            function.name
            for function in functions_in()
            if (function.name, function.script.split("$$")[1]) not in bodies
        ]

    async def rehearse(self) -> None:
        """Run the three functions of the prompt queue on a sample row, and undo it.

        Raises:
            RecordError: One of them did not do what it should.
        """
        await self.database.run(_REHEARSAL)
