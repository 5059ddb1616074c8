-- note_prompt_cost(prompt_job_id, attempt_no, input_tokens, output_tokens, cost_usd) -> void
-- Records what an answer without a prompt cost: xAI charges for it like for any other. Once per attempt.
-- Raises PM404 if there is no such prompt job.
CREATE OR REPLACE FUNCTION note_prompt_cost(
    p_prompt_job_id uuid, p_attempt_no integer, p_input_tokens integer, p_output_tokens integer, p_cost_usd numeric
)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
BEGIN
    IF p_attempt_no = ANY (v_prompt_job.answered_attempts) THEN
        RETURN;
    END IF;
    UPDATE prompt_generation_jobs
    SET input_tokens = coalesce(input_tokens + p_input_tokens, input_tokens, p_input_tokens),
        output_tokens = coalesce(output_tokens + p_output_tokens, output_tokens, p_output_tokens),
        cost_usd = coalesce(cost_usd + p_cost_usd, cost_usd, p_cost_usd),
        answered_attempts = answered_attempts || p_attempt_no,
        updated_at = now()
    WHERE id = p_prompt_job_id
    RETURNING * INTO v_prompt_job;
    UPDATE jobs SET prompt_cost_usd = v_prompt_job.cost_usd, updated_at = now()
    WHERE id = v_prompt_job.job_id AND v_prompt_job.cost_usd IS NOT NULL;
END;
$$;
