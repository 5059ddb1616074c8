-- restart_workflow(table, id)
-- Makes a row whose workflow is gone available to be started again, or cancels it if that was requested. Does nothing
-- if a provider has been called for the row, or if it has ended.
CREATE OR REPLACE FUNCTION restart_workflow(p_table text, p_id uuid)
    RETURNS void
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_prompt_job prompt_generation_jobs;
BEGIN
    IF p_table = 'jobs' THEN
        SELECT * INTO v_job FROM jobs WHERE id = p_id AND completed_at IS NULL FOR UPDATE;
        PERFORM FROM prompt_generation_jobs WHERE job_id = p_id FOR UPDATE; -- locks before the first change
        IF v_job.id IS NULL OR asked_provider(p_table, p_id) THEN
            RETURN;
        END IF;
        UPDATE jobs SET workflow_started_at = NULL, claimed_at = NULL, missing_since = NULL, updated_at = now()
        WHERE id = p_id;
        UPDATE prompt_generation_jobs SET workflow_started_at = NULL, updated_at = now() WHERE job_id = p_id;
        IF v_job.cancel_requested_at IS NOT NULL THEN
            PERFORM move_job(v_job, 'cancelled');
        END IF;
    ELSE
        SELECT * INTO v_prompt_job FROM prompt_generation_jobs
        WHERE id = p_id AND job_id IS NULL AND status = 'queued' FOR UPDATE;
        IF NOT FOUND OR asked_provider(p_table, p_id) THEN
            RETURN;
        END IF;
        UPDATE prompt_generation_jobs
        SET workflow_started_at = NULL, claimed_at = NULL, missing_since = NULL, updated_at = now()
        WHERE id = p_id;
        IF v_prompt_job.cancel_requested_at IS NOT NULL THEN
            PERFORM move_prompt_job(v_prompt_job, 'cancelled');
        END IF;
    END IF;
END;
$$;
