-- open_batch(batch_id) -> batch
-- All rows of a batch are stored: one that is `planning` begins, and one that had ended goes on if rows wait in it again.
-- Raises PM404 if there is no such batch.
CREATE OR REPLACE FUNCTION open_batch(p_batch_id uuid)
    RETURNS batches
    LANGUAGE plpgsql
AS $$
DECLARE
    v_batch batches;
BEGIN
    SELECT * INTO v_batch FROM batches WHERE id = p_batch_id FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no batch %', p_batch_id USING ERRCODE = 'PM404';
    ELSIF v_batch.state = 'planning' OR (
        v_batch.state IN ('done', 'done_with_failures')
        AND EXISTS (SELECT FROM batch_rows WHERE batch_id = p_batch_id AND state = 'waiting')) THEN
        UPDATE batches SET state = 'running', completed_at = NULL, due_at = clock_timestamp() + claim_lease(), changed_at = now()
        WHERE id = p_batch_id RETURNING * INTO v_batch;
        UPDATE batch_proposals SET request = NULL, approved = NULL WHERE batch_id = p_batch_id;
        PERFORM tell_batch_changed(p_batch_id, v_batch.owner, false);
    END IF;
    RETURN v_batch;
END;
$$;
