-- lock_prediction(prediction_id, job_id)
-- Acquires the right to decide whom a prediction belongs to, for this transaction: one transaction at a time per
-- prediction. Then locks the job that claims it and the job that has it, the lower id first, so that two claims cannot
-- deadlock.
CREATE OR REPLACE FUNCTION lock_prediction(p_prediction_id text, p_job_id uuid)
    RETURNS void
    LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(p_prediction_id, 0));
    PERFORM FROM jobs
    WHERE id IN (p_job_id, (SELECT s.job_id FROM submissions AS s WHERE s.prediction_id = p_prediction_id))
    ORDER BY id FOR UPDATE;
END;
$$;
