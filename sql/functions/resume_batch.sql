-- resume_batch(batch_id, owner, by_admin) -> batch
-- Lets a paused batch go on; failures up to now stop it no more. One that is not paused stays as it is.
-- Raises PM404, PM409 as lock_batch does; PM409 (batch_budget: nothing is left of its budget; batch_paused: an admin has paused it).
CREATE OR REPLACE FUNCTION resume_batch(p_batch_id uuid, p_owner text, p_by_admin boolean)
    RETURNS batches
    LANGUAGE plpgsql
AS $$
DECLARE
    v_batch batches := lock_batch(p_batch_id, p_owner);
BEGIN
    IF v_batch.state <> 'paused' THEN
        RETURN v_batch;
    ELSIF v_batch.pause_reason = 'admin' AND NOT p_by_admin THEN
        RAISE EXCEPTION 'An admin has paused the batch: only an admin can resume it.'
            USING ERRCODE = 'PM409', HINT = 'batch_paused';
    ELSIF batch_problem(v_batch, 0) IS NOT NULL THEN
        RAISE EXCEPTION 'Nothing is left of the batch''s budget of $%: raise its maxCostUsd first.',
            trim_scale(v_batch.max_cost_usd) USING ERRCODE = 'PM409', HINT = 'batch_budget';
    END IF;
    UPDATE batches
    SET state = 'running', pause_reason = NULL, paused_by = NULL, problem = NULL, due_at = clock_timestamp(),
        failures_forgiven = failed_batch_rows(p_batch_id), changed_at = now()
    WHERE id = p_batch_id RETURNING * INTO v_batch;
    PERFORM tell_batch_changed(p_batch_id, v_batch.owner, false);
    RETURN v_batch;
END;
$$;
