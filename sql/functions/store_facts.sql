-- store_facts(job) -> job
-- Stores the facts of a locked job that its caller has changed in the row it read, while the status stays: what was
-- written, created or paid for. move_job stores them together with a status.
CREATE OR REPLACE FUNCTION store_facts(p_job jobs)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
BEGIN
    UPDATE jobs
    SET prompt = p_job.prompt, prompt_source = p_job.prompt_source, prompt_status = p_job.prompt_status,
        prompt_cost_usd = p_job.prompt_cost_usd, prediction_id = p_job.prediction_id,
        dispatched_at = p_job.dispatched_at, outputs = p_job.outputs, media_cost_usd = p_job.media_cost_usd,
        media_cost_source = p_job.media_cost_source, updated_at = now()
    WHERE id = p_job.id
    RETURNING * INTO v_job;
    RETURN v_job;
END;
$$;
