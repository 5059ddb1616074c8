-- Revision 0009: the triggers of the counters fire for updates that change a status, and for no others.
-- These are the functions' first versions, since triggers need them; `migrate` goes on from their files.

-- count_status_changes() -> trigger
-- Keeps `status_counters` equal to the rows of a table whose updates change statuses. As a row trigger, which fires
-- only for a changed status, it notes the change in a setting of the transaction; as the statement trigger, which fires
-- after all rows, it adds what was noted. Adding at each row would be slow for many: each addition leaves a version of
-- the counter's row behind, which all later ones of the transaction read.
CREATE OR REPLACE FUNCTION count_status_changes()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
DECLARE
    c_setting CONSTANT text := 'promptmill.changes_' || TG_TABLE_NAME;
    v_noted CONSTANT jsonb := nullif(current_setting(c_setting, true), '')::jsonb;
    v_slot smallint;
    v_counted bigint;
BEGIN
    IF TG_LEVEL = 'ROW' THEN
        PERFORM set_config(c_setting, (coalesce(v_noted, '{}') || jsonb_build_object(
            OLD.status, coalesce((v_noted ->> OLD.status)::bigint, 0) - 1,
            NEW.status, coalesce((v_noted ->> NEW.status)::bigint, 0) + 1))::text, true);
    ELSIF v_noted IS NOT NULL THEN
        PERFORM set_config(c_setting, '', true);
        v_slot := counter_slot();
        UPDATE status_counters SET n = n + (v_noted ->> status)::bigint
        WHERE table_name = TG_TABLE_NAME AND slot = v_slot
          AND status = ANY (ARRAY(SELECT jsonb_object_keys(v_noted)));
        GET DIAGNOSTICS v_counted = ROW_COUNT;
        IF v_counted < (SELECT count(*) FROM jsonb_object_keys(v_noted)) THEN -- statuses that are new in this slot
            INSERT INTO status_counters (table_name, status, slot, n)
            SELECT TG_TABLE_NAME, key, v_slot, value::bigint FROM jsonb_each_text(v_noted)
            ON CONFLICT DO NOTHING;
        END IF;
    END IF;
    RETURN NULL;
END;
$$;

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

DROP TRIGGER jobs_count_update ON jobs;

DROP TRIGGER prompt_generation_jobs_count_update ON prompt_generation_jobs;

DROP TRIGGER prompt_generation_jobs_minutes ON prompt_generation_jobs;

CREATE TRIGGER jobs_note_status AFTER UPDATE OF status ON jobs
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION count_status_changes();

CREATE TRIGGER jobs_count_update AFTER UPDATE OF status ON jobs
    FOR EACH STATEMENT EXECUTE FUNCTION count_status_changes();

CREATE TRIGGER prompt_generation_jobs_note_status AFTER UPDATE OF status ON prompt_generation_jobs
    FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION count_status_changes();

CREATE TRIGGER prompt_generation_jobs_count_update AFTER UPDATE OF status ON prompt_generation_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION count_status_changes();

CREATE TRIGGER prompt_generation_jobs_note_minutes AFTER UPDATE OF status, started_at ON prompt_generation_jobs
    FOR EACH ROW
    WHEN (OLD.started_at IS NULL AND NEW.started_at IS NOT NULL
          OR OLD.status <> NEW.status AND NEW.status IN ('completed', 'failed'))
    EXECUTE FUNCTION count_prompt_minutes_v2();

CREATE TRIGGER prompt_generation_jobs_minutes AFTER UPDATE OF status, started_at ON prompt_generation_jobs
    FOR EACH STATEMENT EXECUTE FUNCTION count_prompt_minutes_v2();
