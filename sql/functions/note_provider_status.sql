-- note_provider_status(job_id, status)
-- Records in the timeline that WaveSpeed reports a status for the job's prediction that the worker does not know; each
-- status once, and only while the job is open.
-- Raises PM404 if there is no such job.
CREATE OR REPLACE FUNCTION note_provider_status(p_job_id uuid, p_status text)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    IF v_job.completed_at IS NULL AND NOT EXISTS (
        SELECT FROM job_events WHERE job_id = p_job_id AND detail ->> 'providerStatus' = p_status) THEN
        PERFORM append_job_event(v_job, NULL, jsonb_build_object('providerStatus', p_status));
    END IF;
END;
$$;
