-- delete_expired_records_v2(keep_days) -> (jobs, prompt_jobs, webhooks, idempotency_keys, queue_minutes)
-- As delete_expired_records_v3 with the ages that were fixed then: the previous release calls it.
CREATE OR REPLACE FUNCTION delete_expired_records_v2(p_keep_days double precision)
    RETURNS TABLE (
        deleted_jobs bigint, deleted_prompt_jobs bigint, deleted_webhooks bigint, deleted_idempotency_keys bigint,
        deleted_queue_minutes bigint)
    LANGUAGE sql
AS $$
    SELECT * FROM delete_expired_records_v3(p_keep_days, 7, 1);
$$;
