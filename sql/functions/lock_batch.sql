-- lock_batch(batch_id, owner) -> batch
-- Locks an owner's batch for a change that a person wants.
-- Raises PM404 if the owner has none; PM409 (batch_ended: it is cancelled; batch_planning: its rows are being stored).
CREATE OR REPLACE FUNCTION lock_batch(p_batch_id uuid, p_owner text)
    RETURNS batches
    LANGUAGE plpgsql
AS $$
DECLARE
    v_batch batches;
BEGIN
    SELECT * INTO v_batch FROM batches WHERE id = p_batch_id AND owner = p_owner FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no batch %', p_batch_id USING ERRCODE = 'PM404';
    ELSIF v_batch.state = 'cancelled' THEN
        RAISE EXCEPTION 'The batch is cancelled.' USING ERRCODE = 'PM409', HINT = 'batch_ended';
    ELSIF v_batch.state = 'planning' THEN
        RAISE EXCEPTION 'The rows of the batch are not all stored yet: send its table, or its approval, again; or cancel it.'
            USING ERRCODE = 'PM409', HINT = 'batch_planning';
    END IF;
    RETURN v_batch;
END;
$$;
