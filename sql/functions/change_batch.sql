-- change_batch(batch_id, owner, change) -> (batch, changed)
-- Sets max_cost_usd, max_open, priority, stop_after_failures (null: never) or name of a batch, as far as `change` has
-- them, and returns the names of what differs now. Of jobs that are open nothing changes but the budget that holds them. A
-- batch that its budget had paused goes on if it has room now.
-- Raises PM404, PM409 as lock_batch does.
CREATE OR REPLACE FUNCTION change_batch(p_batch_id uuid, p_owner text, p_change jsonb)
    RETURNS TABLE (batch batches, changed text[])
    LANGUAGE plpgsql
AS $$
DECLARE
    v_before batches := lock_batch(p_batch_id, p_owner);
    v_batch batches := jsonb_populate_record(
        v_before,
        (SELECT coalesce(jsonb_object_agg(c.key, c.value), '{}') FROM jsonb_each(p_change) AS c
         WHERE c.key IN ('max_cost_usd', 'max_open', 'priority', 'stop_after_failures', 'name')));
    v_changed text[] := ARRAY(SELECT n.key FROM jsonb_each(to_jsonb(v_batch)) AS n
                              WHERE n.value IS DISTINCT FROM to_jsonb(v_before) -> n.key ORDER BY n.key);
BEGIN
    IF v_changed = '{}' THEN
        RETURN QUERY SELECT v_before, v_changed;
        RETURN;
    END IF;
    IF v_batch.pause_reason = 'budget' AND batch_problem(v_batch, 0) IS NULL THEN
        v_batch.state := 'running';
        v_batch.pause_reason := NULL;
        v_batch.problem := NULL;
    END IF;
    UPDATE batches AS b
    SET max_cost_usd = v_batch.max_cost_usd, max_open = v_batch.max_open, priority = v_batch.priority,
        stop_after_failures = v_batch.stop_after_failures, name = v_batch.name, state = v_batch.state,
        pause_reason = v_batch.pause_reason, problem = v_batch.problem, changed_at = now(),
        due_at = CASE WHEN b.completed_at IS NULL AND b.state <> 'awaiting_approval' THEN clock_timestamp()
                      ELSE b.due_at END
    WHERE b.id = p_batch_id RETURNING * INTO v_batch;
    PERFORM tell_batch_changed(p_batch_id, v_batch.owner, false);
    RETURN QUERY SELECT v_batch, v_changed;
END;
$$;
