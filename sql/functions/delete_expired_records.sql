-- delete_expired_records(keep_days) -> count
-- As delete_expired_records_v2, but returns only the total: the previous release calls it.
CREATE OR REPLACE FUNCTION delete_expired_records(p_keep_days double precision)
    RETURNS bigint
    LANGUAGE sql
AS $$
    SELECT deleted_jobs + deleted_prompt_jobs + deleted_webhooks + deleted_idempotency_keys + deleted_queue_minutes
    FROM delete_expired_records_v2(p_keep_days);
$$;
