-- finish_prompt_job(prompt_job_id, attempt_no, prompt, source, model, input_tokens, output_tokens, cost_usd,
--                   reason_code, error) -> prompt_job
-- Reports how an attempt ended: with a prompt, or (if the prompt is null) with a permanent failure. The answer's facts
-- are always stored; tokens and cost of each attempt are added once. The status is applied only for the current
-- attempt: a late report of the first must not undo what the second has written. The job follows in the same
-- transaction.
-- Raises PM404 if there is no such prompt job.
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
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_current boolean := p_attempt_no = v_prompt_job.attempt_no AND v_prompt_job.status IN ('queued', 'processing');
    v_job jobs;
BEGIN
    IF p_prompt IS NULL THEN
        RETURN CASE WHEN v_current THEN move_prompt_job(v_prompt_job, 'failed', p_reason_code, p_error)
                    ELSE v_prompt_job END;
    END IF;
    IF NOT p_attempt_no = ANY (v_prompt_job.answered_attempts) THEN
        UPDATE prompt_generation_jobs AS p
        SET generated_prompt = CASE WHEN v_current OR p.generated_prompt IS NULL THEN p_prompt
                                    ELSE p.generated_prompt END,
            prompt_source = CASE WHEN v_current OR p.generated_prompt IS NULL THEN p_source ELSE p.prompt_source END,
            grok_model = CASE WHEN v_current OR p.generated_prompt IS NULL THEN coalesce(p_model, p.grok_model)
                              ELSE p.grok_model END,
            input_tokens = coalesce(p.input_tokens + p_input_tokens, p.input_tokens, p_input_tokens),
            output_tokens = coalesce(p.output_tokens + p_output_tokens, p.output_tokens, p_output_tokens),
            cost_usd = coalesce(p.cost_usd + p_cost_usd, p.cost_usd, p_cost_usd),
            answered_attempts = p.answered_attempts || p_attempt_no,
            updated_at = now()
        WHERE p.id = p_prompt_job_id
        RETURNING * INTO v_prompt_job;
        IF v_prompt_job.status NOT IN ('queued', 'processing') THEN -- the answer came after the end: the job keeps it too
            UPDATE jobs
            SET prompt = CASE WHEN prompt_source IS NULL THEN v_prompt_job.generated_prompt ELSE prompt END,
                prompt_source = coalesce(prompt_source, v_prompt_job.prompt_source),
                prompt_cost_usd = v_prompt_job.cost_usd,
                updated_at = now()
            WHERE id = v_prompt_job.job_id
            RETURNING * INTO v_job;
            IF FOUND THEN
                PERFORM append_job_event(v_job, NULL, jsonb_build_object('facts', ARRAY['prompt', 'promptCostUsd']));
            END IF;
        END IF;
    END IF;
    RETURN CASE WHEN v_current THEN move_prompt_job(v_prompt_job, 'completed') ELSE v_prompt_job END;
END;
$$;
