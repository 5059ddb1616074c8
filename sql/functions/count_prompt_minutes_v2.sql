-- count_prompt_minutes_v2() -> trigger
-- Adds first starts of prompt jobs with their waiting times, and ends with their durations, to the current minute of
-- `queue_minutes`. Cancelled prompt jobs are not counted: they say nothing about Grok. As a row trigger, which fires
-- only for a start or an end, it notes the sums in a setting of the transaction; as the statement trigger it adds them
-- (why: count_status_changes).
CREATE OR REPLACE FUNCTION count_prompt_minutes_v2()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    c_setting CONSTANT text := 'promptmill.queue_minute';
    v_sum queue_minutes := nullif(current_setting(c_setting, true), '')::queue_minutes;
    v_noted CONSTANT boolean := v_sum.minute IS NOT NULL;
BEGIN
    IF TG_LEVEL = 'STATEMENT' THEN
        IF NOT v_noted THEN
            RETURN NULL;
        END IF;
        PERFORM set_config(c_setting, '', true);
        v_sum.slot := counter_slot();
        INSERT INTO queue_minutes AS m VALUES (v_sum.*)
        ON CONFLICT (minute, slot) DO UPDATE SET
            started = m.started + excluded.started,
            wait_seconds = m.wait_seconds + excluded.wait_seconds,
            finished = m.finished + excluded.finished,
            failed = m.failed + excluded.failed,
            processing_seconds = m.processing_seconds + excluded.processing_seconds,
            retried = m.retried + excluded.retried,
            retried_finished = m.retried_finished + excluded.retried_finished;
        RETURN NULL;
    END IF;
    IF NOT v_noted THEN
        v_sum := (date_trunc('minute', clock_timestamp()), 0, 0, 0, 0, 0, 0, 0, 0);
    END IF;
    IF OLD.started_at IS NULL AND NEW.started_at IS NOT NULL THEN
        v_sum.started := v_sum.started + 1;
        v_sum.wait_seconds := v_sum.wait_seconds + extract(epoch FROM NEW.started_at - OLD.enqueued_at);
    END IF;
    IF OLD.status <> NEW.status AND NEW.status IN ('completed', 'failed') THEN
        IF NEW.status = 'completed' THEN
            v_sum.finished := v_sum.finished + 1;
            v_sum.processing_seconds := v_sum.processing_seconds
                + coalesce(extract(epoch FROM NEW.completed_at - NEW.started_at), 0);
        ELSE
            v_sum.failed := v_sum.failed + 1;
        END IF;
        IF NEW.attempt_no > 1 THEN
            v_sum.retried := v_sum.retried + 1;
            v_sum.retried_finished := v_sum.retried_finished + (NEW.status = 'completed')::integer;
        END IF;
    END IF;
    PERFORM set_config(c_setting, v_sum::text, true);
    RETURN NULL;
END;
$$;
