-- note_missing_workflow(table, id, missing) -> seconds
-- Records since when Temporal has not known a row's workflow and returns the seconds since then; null once it is known
-- again, and for a row that does not exist.
CREATE OR REPLACE FUNCTION note_missing_workflow(p_table text, p_id uuid, p_missing boolean)
    RETURNS double precision
    LANGUAGE sql
AS $$
    WITH noted_jobs AS (
        UPDATE jobs SET missing_since = CASE WHEN p_missing THEN coalesce(missing_since, clock_timestamp()) END
        WHERE p_table = 'jobs' AND id = p_id AND (p_missing OR missing_since IS NOT NULL)
        RETURNING missing_since
    ), noted_prompt_jobs AS (
        UPDATE prompt_generation_jobs
        SET missing_since = CASE WHEN p_missing THEN coalesce(missing_since, clock_timestamp()) END
        WHERE p_table = 'prompt_generation_jobs' AND id = p_id AND (p_missing OR missing_since IS NOT NULL)
        RETURNING missing_since
    )
    SELECT extract(epoch FROM clock_timestamp() - missing_since)::double precision
    FROM (SELECT * FROM noted_jobs UNION ALL SELECT * FROM noted_prompt_jobs) AS noted;
$$;
