-- rate_result(job_id, owner, kept) -> job
-- Takes a person's word on a job's outputs: kept or not; null takes it back. It replaces what was said before; saying
-- the same again changes nothing. No status changes, so the timeline has no row of it; listeners are told.
-- Raises PM404 when the owner has no such job; PM409 (no_outputs) when there is nothing to keep.
CREATE OR REPLACE FUNCTION rate_result(p_job_id uuid, p_owner text, p_kept boolean)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id AND owner = p_owner FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    ELSIF v_job.outputs = '[]' THEN
        RAISE EXCEPTION 'The job has no outputs (it is %).', v_job.status
            USING ERRCODE = 'PM409', HINT = 'no_outputs';
    ELSIF v_job.kept IS NOT DISTINCT FROM p_kept THEN
        RETURN v_job;
    END IF;
    UPDATE jobs SET kept = p_kept, updated_at = now() WHERE id = p_job_id RETURNING * INTO v_job;
    PERFORM tell_job_changed(v_job);
    RETURN v_job;
END;
$$;
