-- batch_row_state(row_state, job_status) -> text
-- What has become of a row: it waits, was skipped, is faulty; or its job is open, unclear (a submission that may be paid),
-- completed, failed or cancelled, or has been deleted since (gone).
CREATE OR REPLACE FUNCTION batch_row_state(p_row_state text, p_job_status text)
    RETURNS text
    LANGUAGE sql
    IMMUTABLE
AS $$
    SELECT CASE WHEN p_row_state <> 'submitted' THEN p_row_state
                WHEN p_job_status IS NULL THEN 'gone'
                WHEN p_job_status = 'submit_unknown' THEN 'unclear'
                WHEN p_job_status IN ('completed', 'cancelled') THEN p_job_status
                WHEN is_final(p_job_status) THEN 'failed'
                ELSE 'open' END;
$$;
