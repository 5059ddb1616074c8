-- transition_allowed(table, from, to) -> boolean
-- Whether a row of `jobs` or `prompt_generation_jobs` may go from one status to another. This is the only table of
-- allowed transitions; everything that changes a status asks it. Final statuses have no row, because they are never
-- left. False for unknown statuses.
CREATE OR REPLACE FUNCTION transition_allowed(p_table text, p_from text, p_to text)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT EXISTS (
        SELECT
        FROM (VALUES
            ('jobs', 'queued',
                '{prompting, dispatching, cancelling, cancelled, expired, failed, terminated}'::text[]),
            ('jobs', 'prompting',
                '{dispatching, cancelling, expired, failed, terminated}'),
            ('jobs', 'dispatching',
                '{generating, submit_unknown, cancelling, expired, failed, terminated}'),
            -- never expired: what may have been paid for waits for an answer; back to dispatching only with a new submission
            ('jobs', 'submit_unknown',
                '{generating, dispatching, cancelling, failed, terminated}'),
            -- back to submit_unknown if its prediction was inferred and a fact assigns it to another job
            ('jobs', 'generating',
                '{completed, submit_unknown, cancelling, expired, failed, terminated}'),
            -- it may have finished in the meantime
            ('jobs', 'cancelling',
                '{completed, cancelled, expired, failed, terminated}'),
            ('prompt_generation_jobs', 'queued', '{processing, failed, cancelled}'),
            ('prompt_generation_jobs', 'processing', '{completed, failed, cancelled}')
        ) AS allowed (table_name, from_status, to_statuses)
        WHERE table_name = p_table AND from_status = p_from AND p_to = ANY (to_statuses)
    );
$$;
