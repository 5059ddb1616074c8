-- erase_prompt_job(prompt_job_id) -> prompt_job
-- As erase_job, for a stand-alone prompt job that has ended. That of a job is erased with its job. Jobs that used the
-- prompt keep it.
-- Raises PM404 if there is no such stand-alone prompt job, PM409 (job_open).
CREATE OR REPLACE FUNCTION erase_prompt_job(p_prompt_job_id uuid)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
BEGIN
    IF v_prompt_job.job_id IS NOT NULL THEN
        RAISE EXCEPTION 'no stand-alone prompt job %', p_prompt_job_id USING ERRCODE = 'PM404';
    ELSIF v_prompt_job.erase_requested_at IS NOT NULL THEN
        RETURN v_prompt_job;
    ELSIF v_prompt_job.completed_at IS NULL THEN
        RAISE EXCEPTION 'Only an ended prompt job can be erased (it is %): cancel it first.', v_prompt_job.status
            USING ERRCODE = 'PM409', HINT = 'job_open';
    END IF;
    UPDATE prompt_generation_jobs SET erase_requested_at = now(), updated_at = now() WHERE id = p_prompt_job_id
    RETURNING * INTO v_prompt_job;
    UPDATE idempotency_keys SET key = erased_key(key), request_hash = ''
    WHERE prompt_job_id = p_prompt_job_id AND request_hash <> '';
    INSERT INTO erasures (id, table_name, due_at)
    VALUES (p_prompt_job_id, 'prompt_generation_jobs',
            greatest(v_prompt_job.created_at, v_prompt_job.claimed_at) + claim_lease());
    RETURN v_prompt_job;
END;
$$;
