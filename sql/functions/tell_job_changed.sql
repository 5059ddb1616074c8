-- tell_job_changed(job)
-- Notifies listeners of `promptmill_events` to read a job again although its timeline has no new row: something has
-- changed that is not an event of the job. Its sequence is 0, which no event has.
CREATE OR REPLACE FUNCTION tell_job_changed(p_job jobs)
    RETURNS void
    LANGUAGE sql
AS $$
    SELECT pg_notify('promptmill_events', json_build_object(
        'jobId', p_job.id, 'owner', p_job.owner, 'sequence', 0, 'status', p_job.status)::text);
$$;
