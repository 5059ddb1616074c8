-- update_prompt_job_status(prompt_job_id, status, prompt, error, reason_code) -> prompt_job
-- Compare-and-set of a prompt job's status, also for use in psql. The prompt is stored if the row has none; the status
-- is applied if the transition is allowed and otherwise left as it is. The dependent job's prompt_status follows in the
-- same transaction.
-- Raises PM404 if there is no such prompt job, PM422 for an unknown status, or for `completed` without a prompt.
CREATE OR REPLACE FUNCTION update_prompt_job_status(
    p_job_id uuid, p_status text, p_prompt text DEFAULT NULL, p_error text DEFAULT NULL, p_reason_code text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_job_id);
BEGIN
    IF p_status IS NULL OR p_status NOT IN ('queued', 'processing', 'completed', 'failed', 'cancelled') THEN
        RAISE EXCEPTION 'no prompt job status %', p_status USING ERRCODE = 'PM422';
    END IF;
    IF p_prompt IS NOT NULL AND v_prompt_job.generated_prompt IS NULL THEN
        UPDATE prompt_generation_jobs
        SET generated_prompt = p_prompt, prompt_source = coalesce(prompt_source, 'grok'), updated_at = now()
        WHERE id = p_job_id
        RETURNING * INTO v_prompt_job;
    END IF;
    IF p_status = 'completed' AND v_prompt_job.generated_prompt IS NULL THEN
        RAISE EXCEPTION 'prompt job % has no prompt', p_job_id USING ERRCODE = 'PM422';
    END IF;
    RETURN move_prompt_job(v_prompt_job, p_status, p_reason_code, p_error);
END;
$$;
