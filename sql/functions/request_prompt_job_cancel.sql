-- request_prompt_job_cancel(prompt_job_id, owner) -> (prompt_job, cancelled_job, ask_temporal)
-- Records a caller's request to cancel a prompt job, and with it the open job that needs it (cancelled_job). A
-- stand-alone one without a workflow is `cancelled` at once; otherwise it keeps its status until its workflow ends it.
-- A prompt job that has ended is left unchanged, and so is its job. ask_temporal: as in request_job_cancel.
-- Raises PM404 if the owner has no such prompt job.
CREATE OR REPLACE FUNCTION request_prompt_job_cancel(p_prompt_job_id uuid, p_owner text)
    RETURNS TABLE (prompt_job prompt_generation_jobs, cancelled_job uuid, ask_temporal boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_prompt_job prompt_generation_jobs := lock_prompt_job(p_prompt_job_id);
    v_ask boolean := false;
BEGIN
    IF v_prompt_job.owner <> p_owner THEN
        RAISE EXCEPTION 'no prompt job %', p_prompt_job_id USING ERRCODE = 'PM404';
    END IF;
    IF v_prompt_job.status NOT IN ('queued', 'processing') THEN
        RETURN QUERY SELECT v_prompt_job, NULL::uuid,
            v_prompt_job.status = 'cancelled' AND v_prompt_job.workflow_started_at IS NULL;
        RETURN;
    END IF;
    UPDATE prompt_generation_jobs
    SET cancel_requested_at = coalesce(cancel_requested_at, now()), updated_at = now()
    WHERE id = p_prompt_job_id
    RETURNING * INTO v_prompt_job;
    IF v_prompt_job.job_id IS NOT NULL THEN
        SELECT c.ask_temporal INTO v_ask FROM request_job_cancel(v_prompt_job.job_id, p_owner) AS c;
        SELECT * INTO v_prompt_job FROM prompt_generation_jobs WHERE id = p_prompt_job_id;
    ELSE
        IF v_prompt_job.workflow_started_at IS NULL THEN
            v_prompt_job := move_prompt_job(v_prompt_job, 'cancelled');
        END IF;
        v_ask := true;
    END IF;
    RETURN QUERY SELECT v_prompt_job, v_prompt_job.job_id, v_ask;
END;
$$;
