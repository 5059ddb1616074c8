-- append_job_event(job, reason_code, detail)
-- Appends a row to a job's timeline, with the status of the given row, and notifies listeners of `promptmill_events`.
-- The caller holds the job's row lock, which is why the sequence has no gaps. An erased job's events have no details but
-- those of the erasure.
CREATE OR REPLACE FUNCTION append_job_event(p_job jobs, p_reason_code text DEFAULT NULL, p_detail jsonb DEFAULT '{}')
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_sequence integer;
BEGIN
    INSERT INTO job_events (job_id, sequence, status, reason_code, detail)
    SELECT p_job.id, coalesce(max(sequence), 0) + 1, p_job.status, p_reason_code,
           CASE WHEN p_job.erase_requested_at IS NULL THEN coalesce(p_detail, '{}')
                ELSE jsonb_strip_nulls(jsonb_build_object('erased', p_detail -> 'erased')) END
    FROM job_events
    WHERE job_id = p_job.id
    RETURNING sequence INTO v_sequence;
    PERFORM pg_notify('promptmill_events', json_build_object(
        'jobId', p_job.id, 'owner', p_job.owner, 'sequence', v_sequence, 'status', p_job.status)::text);
END;
$$;
