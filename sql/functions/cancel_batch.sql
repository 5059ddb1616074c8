-- cancel_batch(batch_id, owner) -> (batch, skipped)
-- Cancels what waits of a batch: those rows are skipped, no prompt can be approved, and no row is fed any more. What is open goes on; the batch has
-- ended once nothing of it is. Repeating it changes nothing.
-- Raises PM404 if the owner has no such batch; PM409 (batch_ended) if it is done.
CREATE OR REPLACE FUNCTION cancel_batch(p_batch_id uuid, p_owner text)
    RETURNS TABLE (batch batches, skipped bigint)
    LANGUAGE plpgsql
AS $$
DECLARE
    v_batch batches;
    v_skipped bigint;
BEGIN
    SELECT * INTO v_batch FROM batches AS b WHERE b.id = p_batch_id AND b.owner = p_owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no batch %', p_batch_id USING ERRCODE = 'PM404';
    ELSIF v_batch.state IN ('done', 'done_with_failures') THEN
        RAISE EXCEPTION 'The batch has ended (it is %).', v_batch.state USING ERRCODE = 'PM409', HINT = 'batch_ended';
    END IF;
    -- A row that was to be tried again keeps the job that it had.
    UPDATE batch_rows AS r
    SET state = CASE WHEN r.retry_of IS NULL THEN 'skipped' ELSE 'submitted' END,
        job_id = coalesce(r.retry_of, r.job_id), retry_of = NULL
    WHERE r.batch_id = p_batch_id AND r.state = 'waiting';
    GET DIAGNOSTICS v_skipped = ROW_COUNT;
    IF v_batch.state <> 'cancelled' THEN
        UPDATE batches AS b
        SET state = 'cancelled', pause_reason = NULL, paused_by = NULL, problem = NULL, due_at = clock_timestamp(),
            changed_at = now()
        WHERE b.id = p_batch_id RETURNING * INTO v_batch;
        UPDATE batch_proposals SET request = NULL, approved = NULL WHERE batch_id = p_batch_id;
        PERFORM tell_batch_changed(p_batch_id, v_batch.owner, false);
    END IF;
    RETURN QUERY SELECT v_batch, v_skipped;
END;
$$;
