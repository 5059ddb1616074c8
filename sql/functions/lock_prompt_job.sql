-- lock_prompt_job(prompt_job_id) -> prompt_job
-- Locks a prompt job and, before it, its job if it has one: all functions take these locks in this order.
-- Raises PM404 if there is no such prompt job.
CREATE OR REPLACE FUNCTION lock_prompt_job(p_prompt_job_id uuid)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs;
BEGIN
    PERFORM FROM jobs WHERE id = (SELECT job_id FROM prompt_generation_jobs WHERE id = p_prompt_job_id) FOR UPDATE;
    SELECT * INTO v_prompt_job FROM prompt_generation_jobs WHERE id = p_prompt_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no prompt job %', p_prompt_job_id USING ERRCODE = 'PM404';
    END IF;
    RETURN v_prompt_job;
END;
$$;
