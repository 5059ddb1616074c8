-- move_job(job, status, reason_code, error, detail) -> job
-- Moves a locked job to a status, appends the event and, if the status is final, ends its prompt job if that is still
-- open. The facts of the given row (see store_facts) are stored with the status, in one UPDATE: the caller may have
-- changed them since it locked and read the row. A transition that is not allowed stores nothing and returns the row as
-- given. `cancelled` passes through `cancelling` where required, so that a cancel known only to Temporal takes the same
-- path.
-- Only its workflow leads a job towards WaveSpeed, so that a move there also records that it has one, in case the mark
-- of its start was lost.
-- The row decides who cancelled: `workflow_cancelled` means an operator only if no caller had asked before.
CREATE OR REPLACE FUNCTION move_job(
    p_job jobs, p_status text, p_reason_code text DEFAULT NULL, p_error text DEFAULT NULL, p_detail jsonb DEFAULT '{}'
)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs := p_job;
    v_final boolean := is_final(p_status);
    v_prompt_end text := CASE WHEN p_status = 'cancelled' THEN 'cancelled' ELSE 'failed' END;
    v_reason text := coalesce(
        CASE WHEN p_reason_code = 'workflow_cancelled' AND p_job.cancel_requested_at IS NOT NULL
             THEN 'cancel_requested' ELSE p_reason_code END,
        CASE WHEN p_status IN ('cancelling', 'cancelled') THEN 'cancel_requested' END);
    v_prompt_status text;
BEGIN
    IF p_status = 'cancelled' AND NOT transition_allowed('jobs', v_job.status, 'cancelled')
        AND transition_allowed('jobs', v_job.status, 'cancelling') THEN
        v_job := move_job(v_job, 'cancelling', v_reason);
    END IF;
    IF NOT transition_allowed('jobs', v_job.status, p_status) THEN
        RETURN v_job;
    END IF;
    IF v_final THEN
        UPDATE prompt_generation_jobs
        SET status = v_prompt_end, reason_code = v_reason, error = p_error, next_attempt_at = NULL,
            updated_at = now(), completed_at = clock_timestamp()
        WHERE job_id = v_job.id AND transition_allowed('prompt_generation_jobs', status, v_prompt_end)
        RETURNING status INTO v_prompt_status;
    END IF;
    UPDATE jobs -- long values as in store_facts
    SET status = p_status,
        reason_code = v_reason,
        error = p_error,
        prompt = CASE WHEN prompt IS DISTINCT FROM v_job.prompt THEN v_job.prompt ELSE prompt END,
        prompt_source = v_job.prompt_source,
        prompt_status = coalesce(v_prompt_status, v_job.prompt_status),
        prompt_cost_usd = v_job.prompt_cost_usd,
        prediction_id = v_job.prediction_id,
        outputs = CASE WHEN outputs IS DISTINCT FROM v_job.outputs THEN v_job.outputs ELSE outputs END,
        media_cost_usd = v_job.media_cost_usd,
        media_cost_source = v_job.media_cost_source,
        workflow_started_at = CASE WHEN p_status IN ('prompting', 'dispatching', 'generating', 'submit_unknown')
                                   THEN coalesce(workflow_started_at, clock_timestamp())
                                   ELSE workflow_started_at END,
        cancel_requested_at = CASE WHEN p_status IN ('cancelling', 'cancelled')
                                   THEN coalesce(cancel_requested_at, now()) ELSE cancel_requested_at END,
        dispatched_at = CASE WHEN p_status = 'generating' THEN coalesce(v_job.dispatched_at, clock_timestamp())
                             ELSE v_job.dispatched_at END,
        completed_at = CASE WHEN v_final THEN clock_timestamp() END,
        updated_at = now()
    WHERE id = v_job.id
    RETURNING * INTO v_job;
    PERFORM append_job_event(v_job, v_reason, p_detail);
    IF v_final AND v_job.batch_id IS NOT NULL THEN -- its workflow has a place for the next job
        PERFORM tell_batch_changed(v_job.batch_id, v_job.owner, true);
    END IF;
    RETURN v_job;
END;
$$;
