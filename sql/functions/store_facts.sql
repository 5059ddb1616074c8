-- store_facts(job) -> job
-- Stores the facts of a locked job that its caller has changed in the row it read, while the status stays: what was
-- written, created or paid for. move_job stores them together with a status. A long value that has not changed is left
-- as it is: Postgres keeps it apart from the row, and would write it again.
CREATE OR REPLACE FUNCTION store_facts(p_job jobs)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    UPDATE jobs
    SET prompt = CASE WHEN prompt IS DISTINCT FROM p_job.prompt THEN p_job.prompt ELSE prompt END,
        prompt_source = p_job.prompt_source, prompt_status = p_job.prompt_status,
        prompt_cost_usd = p_job.prompt_cost_usd, prediction_id = p_job.prediction_id,
        dispatched_at = p_job.dispatched_at,
        outputs = CASE WHEN outputs IS DISTINCT FROM p_job.outputs THEN p_job.outputs ELSE outputs END,
        media_cost_usd = p_job.media_cost_usd, media_cost_source = p_job.media_cost_source, updated_at = now()
    WHERE id = p_job.id
    RETURNING * INTO v_job;
    RETURN v_job;
END;
$$;
