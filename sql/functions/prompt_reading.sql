-- prompt_reading(job_id, prediction_id) -> boolean
-- Makes the reading of a job's prediction due now and wakes the workers, who listen on `promptmill_readings`. False if
-- there is none: nobody but the job's workflow waits for the prediction, or nobody does.
CREATE OR REPLACE FUNCTION prompt_reading(p_job_id uuid, p_prediction_id text)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
BEGIN
    UPDATE readings SET due_at = clock_timestamp(), prompted = true
    WHERE job_id = p_job_id AND prediction_id = p_prediction_id;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    PERFORM pg_notify('promptmill_readings', '{}');
    RETURN true;
END;
$$;
