-- begin_job(job_id) -> job
-- What a job's workflow knows of its row, and that it is running: mark_workflows_started, which also moves the job out
-- of `queued`. Repeating it, also by a workflow that was reset, changes nothing.
-- Raises PM404 if there is no such job.
CREATE OR REPLACE FUNCTION begin_job(p_job_id uuid)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    PERFORM mark_workflows_started(ARRAY[p_job_id], '{}');
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    RETURN v_job;
END;
$$;
