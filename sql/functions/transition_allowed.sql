-- transition_allowed(table, from, to) -> boolean
-- Whether a row of `jobs` or `prompt_generation_jobs` may go from one status to another. This is the only table of
-- allowed transitions; everything that changes a status asks it. Final statuses are not in it, because they are never
-- left. False for unknown statuses. One expression, which Postgres inlines: it is asked ten times a job.
CREATE OR REPLACE FUNCTION transition_allowed(p_table text, p_from text, p_to text)
    RETURNS boolean
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT coalesce(p_to = ANY (CASE p_table || ' ' || p_from
        WHEN 'jobs queued' THEN
            '{prompting, dispatching, cancelling, cancelled, expired, failed, terminated}'::text[]
        WHEN 'jobs prompting' THEN
            '{dispatching, cancelling, expired, failed, terminated}'
        WHEN 'jobs dispatching' THEN
            '{generating, submit_unknown, cancelling, expired, failed, terminated}'
        -- never expired: what may have been paid for waits for an answer; dispatching again only with a new submission
        WHEN 'jobs submit_unknown' THEN
            '{generating, dispatching, cancelling, failed, terminated}'
        -- back to submit_unknown if its prediction was inferred and a fact assigns it to another job
        WHEN 'jobs generating' THEN
            '{completed, submit_unknown, cancelling, expired, failed, terminated}'
        -- it may have finished in the meantime
        WHEN 'jobs cancelling' THEN
            '{completed, cancelled, expired, failed, terminated}'
        WHEN 'prompt_generation_jobs queued' THEN '{processing, failed, cancelled}'
        WHEN 'prompt_generation_jobs processing' THEN '{completed, failed, cancelled}' END), false);
$$;
