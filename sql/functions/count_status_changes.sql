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
