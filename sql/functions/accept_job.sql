-- accept_job(request, key, request_hash) -> (job, replayed)
-- Stores a job, the prompt job that it needs (`prompt_job` in the request) and its first event. `request` holds the
-- columns of `jobs` that the caller decides, and `deadline_seconds`, counted from now. The row counts as claimed: the
-- caller is about to start its workflow. Repeated with the same key and hash, it stores nothing and returns the job
-- created the first time, as it is now. A parent that the owner does not have is none, and so is a prompt job that was
-- deleted since its prompt was taken. A job of a batch's row becomes the row's job, and a batch that had ended goes on
-- with it.
-- Raises PM409 if the key was used with a different request; lock_not_available if the key is held for more than 2 s.
CREATE OR REPLACE FUNCTION accept_job(p_request jsonb, p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL)
    RETURNS TABLE (job jobs, replayed boolean)
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    v_request jobs := jsonb_populate_record(NULL::jobs, p_request);
    v_prompt_job jsonb := nullif(p_request -> 'prompt_job', 'null');
    v_first idempotency_keys;
    v_job jobs;
    v_parent_id uuid;
    v_prompt_job_id uuid;
BEGIN
    IF p_key IS NOT NULL THEN
        SELECT * INTO v_first
        FROM claim_idempotency_key(v_request.owner, p_key, p_request_hash, p_job_id => v_request.id);
        IF FOUND THEN
            RETURN QUERY SELECT j, true FROM jobs AS j WHERE j.id = v_first.job_id;
            RETURN;
        END IF;
    END IF;
    -- Locked as the references do it, so that what is being deleted is none, instead of an error.
    SELECT p.id INTO v_parent_id
    FROM jobs AS p WHERE p.id = v_request.parent_job_id AND p.owner = v_request.owner FOR KEY SHARE;
    SELECT p.id INTO v_prompt_job_id
    FROM prompt_generation_jobs AS p WHERE p.id = v_request.prompt_job_id AND p.owner = v_request.owner FOR KEY SHARE;
    INSERT INTO jobs (
        id, owner, model, kind, input, use_ai_prompt, operation, instructions, target_url, ref_urls, on_prompt_failure,
        priority, provider_mode, generate_timeout_seconds, deadline_at, deadline_seconds, callback_url, metadata,
        retry_of, warnings, original_prompt, prompt, prompt_source, prompt_job_id, prompt_status, claimed_at,
        max_price_usd, key_id, parent_job_id, parent_index, relation, style, variant, batch_id, row_key)
    SELECT v_request.id, v_request.owner, v_request.model, v_request.kind, v_request.input, v_request.use_ai_prompt,
           v_request.operation, v_request.instructions, v_request.target_url, coalesce(v_request.ref_urls, '{}'),
           v_request.on_prompt_failure, v_request.priority, v_request.provider_mode, v_request.generate_timeout_seconds,
           now() + v_request.deadline_seconds * interval '1 second', v_request.deadline_seconds,
           v_request.callback_url, coalesce(v_request.metadata, '{}'), v_request.retry_of,
           coalesce(v_request.warnings, '{}'), v_request.original_prompt, v_request.prompt, v_request.prompt_source,
           coalesce((v_prompt_job ->> 'id')::uuid, v_prompt_job_id),
           CASE WHEN v_prompt_job IS NOT NULL THEN 'pending'
                WHEN v_request.prompt_job_id IS NOT NULL THEN 'completed'
                ELSE 'not_requested' END,
           now(), v_request.max_price_usd, v_request.key_id, v_parent_id, v_request.parent_index, v_request.relation,
           v_request.style, v_request.variant, v_request.batch_id, v_request.row_key
    RETURNING * INTO v_job;
    IF v_prompt_job IS NOT NULL THEN
        PERFORM insert_prompt_job(v_prompt_job, v_job.id);
    END IF;
    IF v_job.batch_id IS NOT NULL THEN
        UPDATE batch_rows SET state = 'submitted', job_id = v_job.id, retry_of = NULL
        WHERE batch_id = v_job.batch_id AND key = v_job.row_key;
        UPDATE batches SET state = 'running', completed_at = NULL, due_at = clock_timestamp(), changed_at = now()
        WHERE id = v_job.batch_id AND state IN ('done', 'done_with_failures');
    END IF;
    PERFORM append_job_event(v_job);
    RETURN QUERY SELECT v_job, false;
END;
$$;
