-- finish_prompt_job(prompt_job_id, attempt_no, prompt, source, model, input_tokens, output_tokens, cost_usd,
--                   reason_code, error) -> prompt_job
-- As finish_prompt_job_v2, for an answer that gave one prompt. Kept for earlier releases.
CREATE OR REPLACE FUNCTION finish_prompt_job(
    p_prompt_job_id uuid,
    p_attempt_no integer,
    p_prompt text DEFAULT NULL,
    p_source text DEFAULT NULL,
    p_model text DEFAULT NULL,
    p_input_tokens integer DEFAULT NULL,
    p_output_tokens integer DEFAULT NULL,
    p_cost_usd numeric DEFAULT NULL,
    p_reason_code text DEFAULT NULL,
    p_error text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE sql
AS $$
    SELECT finish_prompt_job_v2(
        p_prompt_job_id, p_attempt_no, p_prompt, p_source, p_model, p_input_tokens, p_output_tokens, p_cost_usd,
        p_reason_code, p_error);
$$;
