-- begin_prompt_attempt(prompt_job_id, first_model) -> (decision, reason_code, prompt_job)
-- Asks for permission to call Grok now. `done`: the row already has the answer (the worker died after Grok had
-- answered). `stop`: the prompt job or its job has ended, was cancelled or is past its deadline. `go`: a new attempt
-- has begun, and non-final reports of earlier attempts no longer count. Only a workflow asks: that it runs is recorded,
-- in case the mark of its start was lost, and a job that is still `queued` is now `prompting`.
-- Raises PM404 if there is no such prompt job.
CREATE OR REPLACE FUNCTION begin_prompt_attempt(p_prompt_job_id uuid, p_first_model text)
    RETURNS TABLE (decision text, reason_code text, prompt_job prompt_generation_jobs)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_job jobs;
    v_reason text;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = v_prompt_job.job_id;
    IF v_prompt_job.status = 'completed' THEN
        RETURN QUERY SELECT 'done', NULL::text, v_prompt_job;
        RETURN;
    END IF;
    IF v_prompt_job.status NOT IN ('queued', 'processing') THEN
        RETURN QUERY SELECT 'stop', v_prompt_job.reason_code, v_prompt_job;
        RETURN;
    END IF;
    v_reason := CASE
        WHEN v_job.completed_at IS NOT NULL THEN coalesce(v_job.reason_code, 'workflow_failed')
        WHEN coalesce(v_prompt_job.cancel_requested_at, v_job.cancel_requested_at) IS NOT NULL THEN 'cancel_requested'
        WHEN coalesce(v_job.deadline_at, v_prompt_job.deadline_at) <= clock_timestamp() THEN 'deadline_passed' END;
    IF v_reason IS NOT NULL THEN
        RETURN QUERY SELECT 'stop', v_reason, v_prompt_job;
        RETURN;
    END IF;
    IF v_prompt_job.generated_prompt IS NOT NULL THEN -- an answer too late for its attempt, but paid for, so used
        RETURN QUERY SELECT 'done', NULL::text, move_prompt_job(v_prompt_job, 'completed');
        RETURN;
    END IF;
    IF v_job.status = 'queued' THEN -- the mark of its workflow's start comes later, or was lost
        v_job := move_job(v_job, 'prompting');
    ELSIF v_job.workflow_started_at IS NULL THEN -- the same, of a restarted one
        UPDATE jobs SET workflow_started_at = clock_timestamp(), updated_at = now() WHERE id = v_job.id;
    END IF;
    IF v_prompt_job.workflow_started_at IS NULL THEN -- so here
        UPDATE prompt_generation_jobs SET workflow_started_at = clock_timestamp() WHERE id = p_prompt_job_id;
    END IF;
    v_prompt_job.grok_model := coalesce(v_prompt_job.grok_model, p_first_model);
    IF v_prompt_job.status = 'queued' THEN
        v_prompt_job := move_prompt_job(v_prompt_job, 'processing');
    ELSE
        UPDATE prompt_generation_jobs AS p
        SET grok_model = v_prompt_job.grok_model, next_attempt_at = NULL, attempt_no = p.attempt_no + 1,
            updated_at = now()
        WHERE p.id = p_prompt_job_id
        RETURNING * INTO v_prompt_job;
        IF v_job.id IS NOT NULL THEN
            PERFORM append_job_event(v_job, NULL, jsonb_build_object(
                'promptStatus', 'generating', 'model', v_prompt_job.grok_model, 'attempt', v_prompt_job.attempt_no));
        END IF;
    END IF;
    RETURN QUERY SELECT 'go', NULL::text, v_prompt_job;
END;
$$;
