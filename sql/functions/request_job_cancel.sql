-- request_job_cancel(job_id, owner) -> (job, ask_temporal)
-- Records a caller's request to cancel. Without a workflow the job is `cancelled` at once, otherwise it becomes
-- `cancelling`; a job that has ended, or is already being cancelled, is left unchanged. ask_temporal: a workflow is
-- running, or may be although the row does not say so (the mark of its start comes later, or was lost).
-- Raises PM404 if the owner has no such job.
CREATE OR REPLACE FUNCTION request_job_cancel(p_job_id uuid, p_owner text)
    RETURNS TABLE (job jobs, ask_temporal boolean)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id AND owner = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    v_job := move_job(v_job, CASE WHEN v_job.workflow_started_at IS NULL THEN 'cancelled' ELSE 'cancelling' END);
    RETURN QUERY SELECT v_job, v_job.status = 'cancelling' OR (
        v_job.status = 'cancelled' AND v_job.workflow_started_at IS NULL);
END;
$$;
