-- tell_batch_changed(batch_id, owner, wakes) -> void
-- Notifies listeners of `promptmill_events` that a batch is to be read again. `wakes`: one of its jobs has ended, so that
-- its workflow has a place for the next; listeners of `promptmill_batches` tell it.
CREATE OR REPLACE FUNCTION tell_batch_changed(p_batch_id uuid, p_owner text, p_wakes boolean)
    RETURNS void
    LANGUAGE sql
AS $$
    SELECT pg_notify('promptmill_events', json_build_object('batchId', p_batch_id, 'owner', p_owner)::text);
    SELECT pg_notify('promptmill_batches', json_build_object('batchId', p_batch_id)::text) WHERE p_wakes;
$$;
