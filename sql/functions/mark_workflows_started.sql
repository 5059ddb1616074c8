-- mark_workflows_started(job_ids, prompt_job_ids)
-- Records that these rows have a workflow, unless that is already known. A job's prompt job runs in the job's workflow
-- and is marked with it. Safe to repeat.
CREATE OR REPLACE FUNCTION mark_workflows_started(p_job_ids uuid[], p_prompt_job_ids uuid[])
    RETURNS void
    LANGUAGE sql
AS $$
    SELECT FROM jobs WHERE id = ANY (p_job_ids) AND workflow_started_at IS NULL ORDER BY id FOR UPDATE;
    UPDATE jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
    WHERE id = ANY (p_job_ids) AND workflow_started_at IS NULL;
    UPDATE prompt_generation_jobs SET workflow_started_at = clock_timestamp(), updated_at = now()
    WHERE (id = ANY (p_prompt_job_ids) OR job_id = ANY (p_job_ids)) AND workflow_started_at IS NULL;
$$;
