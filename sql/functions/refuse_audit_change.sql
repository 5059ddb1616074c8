-- refuse_audit_change() -> trigger
-- Keeps audit_log append-only: refuses UPDATE, DELETE and TRUNCATE, also for the table's owner. Only
-- delete_expired_audit may delete: it sets what is asked for here, for as long as it runs.
-- Raises P0001.
CREATE OR REPLACE FUNCTION refuse_audit_change()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'DELETE' AND current_setting('promptmill.audit_retention', true) = 'on' THEN
        RETURN NULL;
    END IF;
    RAISE EXCEPTION 'The audit log is append-only: no % is allowed.', TG_OP;
END;
$$;
