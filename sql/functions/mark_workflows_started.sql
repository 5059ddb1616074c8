-- mark_workflows_started(job_ids, prompt_job_ids)
-- Records that these rows have a workflow, unless that is already known. A job's prompt job runs in the job's workflow
-- and is marked with it. Safe to repeat.
CREATE OR REPLACE FUNCTION mark_workflows_started(p_job_ids uuid[], p_prompt_job_ids uuid[])
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_id uuid;
BEGIN
    -- One by one, most often a single one: for an array of unknown length Postgres may plan to read the whole table.
    FOR v_id IN SELECT id FROM unnest(p_job_ids) AS id ORDER BY id LOOP -- the lower id is locked first
        UPDATE jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
        WHERE id = v_id AND workflow_started_at IS NULL;
        UPDATE prompt_generation_jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
        WHERE job_id = v_id AND workflow_started_at IS NULL;
    END LOOP;
    FOREACH v_id IN ARRAY p_prompt_job_ids LOOP
        UPDATE prompt_generation_jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
        WHERE id = v_id AND workflow_started_at IS NULL;
    END LOOP;
END;
$$;
