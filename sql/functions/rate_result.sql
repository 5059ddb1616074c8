-- rate_result(job_id, owner, kept) -> job
-- Stores whether a person kept a job's outputs; null removes the answer. It replaces an earlier answer; repeating it
-- changes nothing. The status does not change, so the timeline gets no row; listeners are notified.
-- Raises PM404 if the owner has no such job; PM409 (erased; no_outputs) if there is nothing to keep.
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
    ELSIF v_job.erase_requested_at IS NOT NULL THEN
        RAISE EXCEPTION 'The job has been erased.' USING ERRCODE = 'PM409', HINT = 'erased';
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
