-- begin_prompt_job(prompt_job_id) -> prompt_job
-- The first step of a prompt job's own workflow: records that the workflow is running and returns the row unchanged.
-- Safe to repeat.
-- Raises PM404 if there is no such prompt job.
CREATE OR REPLACE FUNCTION begin_prompt_job(p_prompt_job_id uuid)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs;
BEGIN
    PERFORM mark_workflows_started('{}', ARRAY[p_prompt_job_id]);
    SELECT * INTO v_prompt_job FROM prompt_generation_jobs WHERE id = p_prompt_job_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no prompt job %', p_prompt_job_id USING ERRCODE = 'PM404';
    END IF;
    RETURN v_prompt_job;
END;
$$;
