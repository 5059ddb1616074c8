-- note_callback(job_id, detail, ended)
-- Records in the timeline an attempt to deliver a job's end to its callback_url, or (`ended`) the outcome. Each attempt
-- is recorded once, and so is the outcome.
-- Raises PM404 if there is no such job.
CREATE OR REPLACE FUNCTION note_callback(p_job_id uuid, p_detail jsonb, p_ended boolean)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    ELSIF EXISTS (
        SELECT FROM job_events
        WHERE job_id = p_job_id AND detail ->> 'callback' = p_detail ->> 'callback'
          AND detail ->> 'attempt' IS NOT DISTINCT FROM p_detail ->> 'attempt')
        OR v_job.callback_ended_at IS NOT NULL THEN
        RETURN;
    ELSIF p_ended THEN
        UPDATE jobs
        SET callback_started_at = coalesce(callback_started_at, clock_timestamp()),
            callback_ended_at = clock_timestamp(), updated_at = now()
        WHERE id = p_job_id
        RETURNING * INTO v_job;
    END IF;
    PERFORM append_job_event(v_job, NULL, p_detail);
END;
$$;
