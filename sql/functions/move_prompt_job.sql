-- move_prompt_job(prompt_job, status, reason_code, error) -> prompt_job
-- Moves a locked prompt job to a status; the caller has locked its job first. What the given row holds of Grok's model
-- and answer is stored with the status, in one UPDATE: the caller may have changed it since it locked and read the row.
-- The job's prompt_status follows, with an event; a completed prompt moves a `prompting` job on to `dispatching`. A
-- transition that is not allowed stores nothing and returns the row as given. `workflow_cancelled`: as in move_job.
CREATE OR REPLACE FUNCTION move_prompt_job(
    p_prompt_job prompt_generation_jobs, p_status text, p_reason_code text DEFAULT NULL, p_error text DEFAULT NULL
)
    RETURNS prompt_generation_jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := p_prompt_job;
    v_job jobs;
    v_detail jsonb;
    v_reason text := coalesce(
        CASE WHEN p_reason_code = 'workflow_cancelled' AND p_prompt_job.cancel_requested_at IS NOT NULL
             THEN 'cancel_requested' ELSE p_reason_code END,
        CASE WHEN p_status = 'cancelled' THEN 'cancel_requested' END);
BEGIN
    IF NOT transition_allowed('prompt_generation_jobs', v_prompt_job.status, p_status) THEN
        RETURN v_prompt_job;
    END IF;
    UPDATE prompt_generation_jobs
    SET status = p_status,
        reason_code = v_reason,
        error = p_error,
        grok_model = v_prompt_job.grok_model,
        generated_prompt = CASE WHEN generated_prompt IS DISTINCT FROM v_prompt_job.generated_prompt
                                THEN v_prompt_job.generated_prompt ELSE generated_prompt END,
        prompt_source = v_prompt_job.prompt_source,
        variants = v_prompt_job.variants,
        input_tokens = v_prompt_job.input_tokens,
        output_tokens = v_prompt_job.output_tokens,
        cost_usd = v_prompt_job.cost_usd,
        answered_attempts = v_prompt_job.answered_attempts,
        next_attempt_at = NULL,
        cancel_requested_at = CASE WHEN p_status = 'cancelled' THEN coalesce(cancel_requested_at, now())
                                   ELSE cancel_requested_at END,
        started_at = CASE WHEN p_status = 'processing' THEN coalesce(started_at, clock_timestamp()) ELSE started_at END,
        attempt_no = attempt_no + CASE WHEN p_status = 'processing' THEN 1 ELSE 0 END,
        completed_at = CASE WHEN p_status <> 'processing' THEN clock_timestamp() END,
        updated_at = now()
    WHERE id = v_prompt_job.id
    RETURNING * INTO v_prompt_job;
    IF v_prompt_job.job_id IS NULL THEN
        PERFORM tell_batch_changed(p.batch_id, v_prompt_job.owner, false)
        FROM batch_proposals AS p WHERE p.prompt_job_id = v_prompt_job.id;
        RETURN v_prompt_job;
    END IF;
    SELECT * INTO v_job FROM jobs WHERE id = v_prompt_job.job_id;
    v_job.prompt_status := CASE WHEN p_status = 'processing' THEN 'generating' ELSE p_status END;
    v_job.prompt_cost_usd := coalesce(v_prompt_job.cost_usd, v_job.prompt_cost_usd);
    -- the prompt for WaveSpeed may be settled already (a template, the caller's text): then it is kept
    IF p_status = 'completed' AND v_job.prompt_source IS NULL THEN
        v_job.prompt := v_prompt_job.generated_prompt;
        v_job.prompt_source := v_prompt_job.prompt_source;
    END IF;
    v_detail := jsonb_strip_nulls(jsonb_build_object(
        'promptStatus', v_job.prompt_status, 'model', v_prompt_job.grok_model, 'attempt', v_prompt_job.attempt_no,
        'promptSource', v_prompt_job.prompt_source, 'promptCostUsd', v_prompt_job.cost_usd));
    IF p_status = 'completed' AND v_job.status = 'prompting' THEN
        PERFORM move_job(v_job, 'dispatching', NULL, NULL, v_detail);
    ELSE
        PERFORM append_job_event(store_facts(v_job), v_reason, v_detail);
    END IF;
    RETURN v_prompt_job;
END;
$$;
