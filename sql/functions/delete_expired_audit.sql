-- delete_expired_audit(keep_days) -> deleted
-- Deletes entries of the audit log that are older than `keep_days`, the oldest first, at most a thousand per call.
-- 0 keeps them. Returns how many were deleted.
CREATE OR REPLACE FUNCTION delete_expired_audit(p_keep_days double precision)
    RETURNS bigint
    LANGUAGE plpgsql
AS $$
DECLARE
    v_deleted bigint;
BEGIN
    -- Not as the function's own SET: only a superuser may create a function with a setting that Postgres does not know.
    PERFORM set_config('promptmill.audit_retention', 'on', true);
    DELETE FROM audit_log WHERE id IN (
        SELECT a.id FROM audit_log AS a
        WHERE p_keep_days > 0 AND a.at < now() - p_keep_days * interval '1 day'
        ORDER BY a.at, a.id LIMIT 1000 FOR UPDATE SKIP LOCKED);
    GET DIAGNOSTICS v_deleted = ROW_COUNT;
    PERFORM set_config('promptmill.audit_retention', '', true);
    RETURN v_deleted;
END;
$$;
