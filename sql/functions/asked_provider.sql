-- asked_provider(table, id) -> boolean
-- Whether a provider has been called for this row: a request to Grok begun, or a submission intended.
CREATE OR REPLACE FUNCTION asked_provider(p_table text, p_id uuid)
    RETURNS boolean
    LANGUAGE sql
    STABLE
AS $$
    SELECT CASE p_table
        WHEN 'jobs' THEN EXISTS (SELECT FROM submissions WHERE job_id = p_id)
            OR EXISTS (SELECT FROM jobs WHERE id = p_id AND prediction_id IS NOT NULL)
            OR EXISTS (SELECT FROM prompt_generation_jobs WHERE job_id = p_id AND attempt_no > 0)
        ELSE EXISTS (SELECT FROM prompt_generation_jobs WHERE id = p_id AND attempt_no > 0) END;
$$;
