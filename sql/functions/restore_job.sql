-- restore_job(input, result) -> boolean
-- Restores a job that an older backup lost, from its workflow's input and, if the workflow has ended, its result (both
-- as JSON with the columns' names, and job_id for id). Its prompt job and its accepted submission are restored with it,
-- so that what was paid for stays known. A batch's row that had an older job, which it repeats, gets it. Returns false,
-- and changes nothing, if the row already exists.
CREATE OR REPLACE FUNCTION restore_job(p_input jsonb, p_result jsonb DEFAULT NULL)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    v_input jobs := jsonb_populate_record(NULL::jobs, p_input);
    v_result jobs := jsonb_populate_record(NULL::jobs, coalesce(p_result, '{}'));
    v_id uuid := (p_input ->> 'job_id')::uuid;
    v_ended timestamptz := CASE WHEN p_result IS NOT NULL THEN clock_timestamp() END;
    v_prompt_status text := CASE
        WHEN NOT v_input.use_ai_prompt THEN CASE WHEN v_input.prompt_job_id IS NULL THEN 'not_requested'
                                                 ELSE 'completed' END
        WHEN v_result.prompt_source IN ('grok', 'grok_fallback') THEN 'completed'
        WHEN v_ended IS NULL THEN 'pending'
        WHEN v_result.status = 'cancelled' THEN 'cancelled' ELSE 'failed' END;
    v_job jobs;
BEGIN
    INSERT INTO jobs (
        id, owner, model, kind, input, use_ai_prompt, operation, instructions, target_url, ref_urls, on_prompt_failure,
        priority, provider_mode, generate_timeout_seconds, deadline_at, deadline_seconds, callback_url, metadata,
        retry_of, original_prompt, prompt, prompt_source, prompt_job_id, prompt_status, prompt_cost_usd, status,
        reason_code, error, prediction_id, outputs, media_cost_usd, media_cost_source, workflow_started_at, created_at,
        dispatched_at, completed_at, max_price_usd, parent_job_id, parent_index, relation, style, variant, batch_id,
        row_key)
    SELECT v_id, v_input.owner, v_input.model, v_input.kind, v_input.input, v_input.use_ai_prompt, v_input.operation,
           v_input.instructions, v_input.target_url, coalesce(v_input.ref_urls, '{}'), v_input.on_prompt_failure,
           v_input.priority, v_input.provider_mode, v_input.generate_timeout_seconds, v_input.deadline_at,
           greatest(extract(epoch FROM v_input.deadline_at - v_input.created_at), 0)::integer, v_input.callback_url,
           coalesce(v_input.metadata, '{}'), (SELECT r.id FROM jobs AS r WHERE r.id = v_input.retry_of), v_input.prompt,
           coalesce(v_result.prompt, CASE WHEN NOT v_input.use_ai_prompt THEN v_input.prompt END),
           coalesce(v_result.prompt_source, CASE WHEN NOT v_input.use_ai_prompt THEN 'caller' END),
           CASE WHEN v_input.use_ai_prompt THEN v_input.prompt_job_id
                ELSE (SELECT p.id FROM prompt_generation_jobs AS p WHERE p.id = v_input.prompt_job_id) END,
           v_prompt_status, v_result.prompt_cost_usd, coalesce(v_result.status, 'queued'), v_result.reason_code,
           v_result.error, v_result.prediction_id, coalesce(v_result.outputs, '[]'), v_result.media_cost_usd,
           CASE WHEN v_result.media_cost_usd IS NOT NULL THEN 'quoted' END, clock_timestamp(), v_input.created_at,
           CASE WHEN v_result.prediction_id IS NOT NULL THEN clock_timestamp() END, v_ended, v_input.max_price_usd,
           (SELECT p.id FROM jobs AS p WHERE p.id = v_input.parent_job_id), v_input.parent_index, v_input.relation,
           v_input.style, v_input.variant, (SELECT b.id FROM batches AS b WHERE b.id = v_input.batch_id),
           v_input.row_key
    ON CONFLICT (id) DO NOTHING
    RETURNING * INTO v_job;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE batch_rows SET state = 'submitted', job_id = v_id, retry_of = NULL
    WHERE batch_id = v_job.batch_id AND key = v_job.row_key AND state = 'submitted' AND job_id < v_id;
    IF v_input.use_ai_prompt AND v_input.prompt_job_id IS NOT NULL THEN
        INSERT INTO prompt_generation_jobs (
            id, owner, job_id, operation, ref_urls, target_url, instructions, existing_prompt, priority, deadline_at,
            status, generated_prompt, prompt_source, cost_usd, workflow_started_at, created_at, completed_at, style,
            target_model, target_kind)
        VALUES (v_input.prompt_job_id, v_job.owner, v_id, v_job.operation, v_job.ref_urls, v_job.target_url,
                v_job.instructions, v_input.prompt, v_job.priority, v_job.deadline_at,
                CASE v_prompt_status WHEN 'pending' THEN 'queued' ELSE v_prompt_status END,
                CASE WHEN v_prompt_status = 'completed' THEN v_result.prompt END,
                CASE WHEN v_prompt_status = 'completed' THEN v_result.prompt_source END, v_result.prompt_cost_usd,
                clock_timestamp(), v_job.created_at, v_ended, v_job.style, v_job.model, v_job.kind)
        ON CONFLICT (id) DO NOTHING;
    END IF;
    IF v_result.prediction_id IS NOT NULL THEN
        INSERT INTO submissions (id, job_id, state, callback_token, request, request_hash, provider_base,
                                 key_fingerprint, intended_at, post_before, prediction_id, media_cost_usd, outcome_at,
                                 reserved_usd, price_source)
        VALUES (gen_random_uuid(), v_id, 'accepted', '', '{}', '', '', '', v_job.created_at, clock_timestamp(),
                v_result.prediction_id, v_result.media_cost_usd, clock_timestamp(),
                coalesce(recent_price(v_job.model), 0), 'recent')
        ON CONFLICT (prediction_id) DO NOTHING;
    END IF;
    PERFORM append_job_event(v_job, v_job.reason_code, '{"restored": true}');
    RETURN true;
END;
$$;
