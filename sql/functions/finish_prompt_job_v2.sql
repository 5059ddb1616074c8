-- finish_prompt_job_v2(prompt_job_id, attempt_no, prompt, source, model, input_tokens, output_tokens, cost_usd,
--                      reason_code, error, variants) -> prompt_job
-- Reports how an attempt ended: with a prompt, or (if the prompt is null) with a permanent failure. `variants` is all that
-- the answer gave, the prompt first; null: the prompt alone. The answer's facts
-- are always stored; tokens and cost of each attempt are added once. The status is applied only for the current
-- attempt: a late report of the first must not undo what the second has written. The job follows in the same
-- transaction.
-- Raises PM404 if there is no such prompt job.
CREATE OR REPLACE FUNCTION finish_prompt_job_v2(
    p_prompt_job_id uuid,
    p_attempt_no integer,
    p_prompt text DEFAULT NULL,
    p_source text DEFAULT NULL,
    p_model text DEFAULT NULL,
    p_input_tokens integer DEFAULT NULL,
    p_output_tokens integer DEFAULT NULL,
    p_cost_usd numeric DEFAULT NULL,
    p_reason_code text DEFAULT NULL,
    p_error text DEFAULT NULL,
    p_variants jsonb DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_current boolean := p_attempt_no = v_prompt_job.attempt_no AND v_prompt_job.status IN ('queued', 'processing');
    v_new boolean; -- this attempt's answer is not stored yet
    v_job jobs;
BEGIN
    IF p_prompt IS NULL THEN
        RETURN CASE WHEN v_current THEN move_prompt_job(v_prompt_job, 'failed', p_reason_code, p_error)
                    ELSE v_prompt_job END;
    END IF;
    v_new := NOT p_attempt_no = ANY (v_prompt_job.answered_attempts);
    IF v_new THEN
        IF v_current OR v_prompt_job.generated_prompt IS NULL THEN
            v_prompt_job.generated_prompt := p_prompt;
            v_prompt_job.prompt_source := p_source;
            v_prompt_job.variants := coalesce(p_variants, jsonb_build_array(jsonb_build_object('prompt', p_prompt)));
            v_prompt_job.grok_model := coalesce(p_model, v_prompt_job.grok_model);
        END IF;
        v_prompt_job.input_tokens := coalesce(
            v_prompt_job.input_tokens + p_input_tokens, v_prompt_job.input_tokens, p_input_tokens);
        v_prompt_job.output_tokens := coalesce(
            v_prompt_job.output_tokens + p_output_tokens, v_prompt_job.output_tokens, p_output_tokens);
        v_prompt_job.cost_usd := coalesce(v_prompt_job.cost_usd + p_cost_usd, v_prompt_job.cost_usd, p_cost_usd);
        v_prompt_job.answered_attempts := v_prompt_job.answered_attempts || p_attempt_no;
    END IF;
    IF v_current AND transition_allowed('prompt_generation_jobs', v_prompt_job.status, 'completed') THEN
        RETURN move_prompt_job(v_prompt_job, 'completed');
    ELSIF NOT v_new THEN
        RETURN v_prompt_job;
    END IF;
    UPDATE prompt_generation_jobs
    SET generated_prompt = CASE WHEN generated_prompt IS DISTINCT FROM v_prompt_job.generated_prompt
                                THEN v_prompt_job.generated_prompt ELSE generated_prompt END,
        prompt_source = v_prompt_job.prompt_source, variants = v_prompt_job.variants,
        grok_model = v_prompt_job.grok_model, input_tokens = v_prompt_job.input_tokens,
        output_tokens = v_prompt_job.output_tokens, cost_usd = v_prompt_job.cost_usd,
        answered_attempts = v_prompt_job.answered_attempts, updated_at = now()
    WHERE id = p_prompt_job_id
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
    RETURN v_prompt_job;
END;
$$;
