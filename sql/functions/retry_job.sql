-- retry_job(job_id, owner, new_id, new_prompt_job_id, force, key, request_hash) -> (job, replayed)
-- Accepts a new job from the request of an ended one, linked to it by retry_of, with a new deadline of the same length
-- and, if Grok wrote the prompt, a prompt job of its own; a prompt that the caller has edited since is kept instead. The old job is left unchanged. Repeated with the same key and
-- hash, it stores nothing and returns the job created the first time, as it is now. `force` overrides may_be_billed;
-- both timelines record it.
-- Raises PM404 if the owner has no such job; PM409 (job_open; erased: the request is gone; retry_open: another job of the same request has not
-- ended; may_be_billed: a submission of one of them is not settled, or its paid media may still arrive; without a hint
-- if the key was used with a different request); lock_not_available if the key is held for more than 2 s.
CREATE OR REPLACE FUNCTION retry_job(
    p_job_id uuid, p_owner text, p_new_id uuid, p_new_prompt_job_id uuid, p_force boolean DEFAULT false,
    p_key text DEFAULT NULL, p_request_hash text DEFAULT NULL
)
    RETURNS TABLE (job jobs, replayed boolean)
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    v_old jobs;
    v_old_prompt_job prompt_generation_jobs;
    v_new jobs;
    v_first idempotency_keys;
    v_chain uuid[];
BEGIN
    IF NOT EXISTS (SELECT FROM jobs WHERE id = p_job_id AND owner = p_owner) THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    IF p_key IS NOT NULL THEN
        SELECT * INTO v_first FROM claim_idempotency_key(p_owner, p_key, p_request_hash, p_job_id => p_new_id);
        IF FOUND THEN
            RETURN QUERY SELECT j, true FROM jobs AS j WHERE j.id = v_first.job_id;
            RETURN;
        END IF;
    END IF;
    -- What it was made from comes first, as accept_job locks it again: it is older, and deleting it changes its children.
    PERFORM FROM jobs WHERE id = (SELECT j.parent_job_id FROM jobs AS j WHERE j.id = p_job_id) FOR KEY SHARE;
    PERFORM FROM jobs WHERE id IN (SELECT retry_chain(p_job_id)) ORDER BY id FOR UPDATE;
    SELECT * INTO v_old FROM jobs WHERE id = p_job_id;
    IF NOT FOUND THEN -- deleted while it was waited for
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    v_chain := ARRAY(SELECT retry_chain(p_job_id));
    IF v_old.completed_at IS NULL THEN
        RAISE EXCEPTION 'The job has not ended yet (it is %).', v_old.status
            USING ERRCODE = 'PM409', HINT = 'job_open';
    ELSIF v_old.erase_requested_at IS NOT NULL THEN
        RAISE EXCEPTION 'The job has been erased, and its request with it.'
            USING ERRCODE = 'PM409', HINT = 'erased';
    ELSIF EXISTS (SELECT FROM jobs WHERE id = ANY (v_chain) AND completed_at IS NULL) THEN
        RAISE EXCEPTION 'Another retry of this request has not ended yet.'
            USING ERRCODE = 'PM409', HINT = 'retry_open';
    ELSIF NOT p_force AND (
        EXISTS (SELECT FROM submissions WHERE job_id = ANY (v_chain) AND state IN ('intended', 'unknown'))
        OR EXISTS (SELECT FROM late_predictions AS l
                   WHERE l.job_id = ANY (v_chain) AND l.accepted_at > now() - wavespeed_retention())) THEN
        RAISE EXCEPTION 'An earlier submission of this request may be billed, and its media may still come.'
            USING ERRCODE = 'PM409', HINT = 'may_be_billed';
    END IF;
    SELECT * INTO v_old_prompt_job FROM prompt_generation_jobs WHERE job_id = p_job_id;
    SELECT (a.job).* INTO v_new FROM accept_job(
        to_jsonb(v_old) || jsonb_build_object('id', p_new_id, 'retry_of', p_job_id)
        || CASE WHEN v_old_prompt_job.id IS NULL THEN '{}'
                WHEN v_old.prompt_source = 'edited' THEN '{"use_ai_prompt": false, "prompt_job_id": null}' ELSE jsonb_build_object(
            'prompt', NULL, 'prompt_source', NULL, 'prompt_job_id', NULL,
            'prompt_job', to_jsonb(v_old_prompt_job) || jsonb_build_object(
                'id', p_new_prompt_job_id, 'deadline_seconds', v_old.deadline_seconds,
                'target_model', v_old.model)) END) AS a;
    IF p_force THEN
        PERFORM append_job_event(v_old, NULL, jsonb_build_object('retriedBy', p_new_id, 'forced', true));
        PERFORM append_job_event(v_new, NULL, jsonb_build_object('retryOf', p_job_id, 'forced', true));
    END IF;
    RETURN QUERY SELECT v_new, false;
END;
$$;
