-- pause_batch(batch_id, owner, by_admin, actor) -> batch
-- Stops a batch: no further row is fed to it, and none of its jobs is permitted to be submitted, from the commit on. A
-- pause by an admin replaces one by anybody else; what is paused already stays as it is otherwise.
-- Raises PM404, PM409 as lock_batch does; batch_ended too if it is done.
CREATE OR REPLACE FUNCTION pause_batch(p_batch_id uuid, p_owner text, p_by_admin boolean, p_actor text)
    RETURNS batches
    LANGUAGE plpgsql
AS $$
DECLARE
    v_batch batches := lock_batch(p_batch_id, p_owner);
BEGIN
    IF v_batch.completed_at IS NOT NULL THEN
        RAISE EXCEPTION 'The batch has ended (it is %).', v_batch.state USING ERRCODE = 'PM409', HINT = 'batch_ended';
    ELSIF v_batch.state = 'running' OR v_batch.pause_reason IN ('budget', 'failures')
        OR (p_by_admin AND v_batch.pause_reason <> 'admin') THEN
        UPDATE batches
        SET state = 'paused', pause_reason = CASE WHEN p_by_admin THEN 'admin' ELSE 'owner' END, paused_by = p_actor,
            problem = NULL, changed_at = now()
        WHERE id = p_batch_id RETURNING * INTO v_batch;
        PERFORM tell_batch_changed(p_batch_id, v_batch.owner, false);
    END IF;
    RETURN v_batch;
END;
$$;
