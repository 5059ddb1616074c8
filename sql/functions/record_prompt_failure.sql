-- record_prompt_failure(prompt_job_id, attempt_no, reason_code, error, delay_seconds, next_model) -> prompt_job
-- Counts a failed request to Grok that will be retried after the delay: with the same model (retry_count increases), or
-- with the next one (it restarts at 0). The row rejoins the queue at the back, as in Temporal. Ignored if the attempt
-- is not the current one, if it has already been reported, or if the row has ended.
-- Raises PM404 if there is no such prompt job.
CREATE OR REPLACE FUNCTION record_prompt_failure(
    p_prompt_job_id uuid, p_attempt_no integer, p_reason_code text, p_error text, p_delay_seconds double precision,
    p_next_model text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_next timestamptz := clock_timestamp() + p_delay_seconds * interval '1 second';
    v_job jobs;
BEGIN
    IF v_prompt_job.status <> 'processing' OR v_prompt_job.attempt_no <> p_attempt_no
        OR v_prompt_job.next_attempt_at IS NOT NULL THEN
        RETURN v_prompt_job;
    END IF;
    UPDATE prompt_generation_jobs
    SET retry_count = CASE WHEN p_next_model IS NULL THEN retry_count + 1 ELSE 0 END,
        grok_model = coalesce(p_next_model, grok_model),
        next_attempt_at = v_next,
        enqueued_at = v_next,
        reason_code = p_reason_code,
        error = p_error,
        updated_at = now()
    WHERE id = p_prompt_job_id
    RETURNING * INTO v_prompt_job;
    IF v_prompt_job.job_id IS NOT NULL THEN
        SELECT * INTO v_job FROM jobs WHERE id = v_prompt_job.job_id;
        PERFORM append_job_event(v_job, p_reason_code, jsonb_build_object(
            'model', v_prompt_job.grok_model, 'retryCount', v_prompt_job.retry_count,
            'maxRetries', v_prompt_job.max_retries, 'nextAttemptAt', v_next));
    END IF;
    RETURN v_prompt_job;
END;
$$;
