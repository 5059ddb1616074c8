-- delete_expired_records_v3(keep_days, webhook_days, key_days)
--     -> (jobs, prompt_jobs, webhooks, idempotency_keys, queue_minutes)
-- Deletes what has expired: idempotency keys after `key_days`, and not while they refer to a request; webhooks
-- `webhook_days` after they were processed, and others after a month at least; minutes after two days, sessions a month
-- after their last use, and jobs and prompt jobs that ended more than `keep_days` ago (0 keeps them); at most a thousand
-- of each per call, so that nothing waits long; and one batch, with its rows, of which no job is left,
-- or whose rows were not all stored within a day. No age is less than a day. Kept are jobs with a submission whose
-- prediction may still surface, rows that are still being erased elsewhere, and the highest submission number.
-- Returns how many of each were deleted.
CREATE OR REPLACE FUNCTION delete_expired_records_v3(
    p_keep_days double precision, p_webhook_days double precision, p_key_days double precision)
    RETURNS TABLE (
        deleted_jobs bigint, deleted_prompt_jobs bigint, deleted_webhooks bigint, deleted_idempotency_keys bigint,
        deleted_queue_minutes bigint)
    LANGUAGE sql
AS $$
    WITH numbers AS (
        INSERT INTO switches AS s (name, value)
        SELECT 'highest-submission', max(number)::text FROM submissions HAVING max(number) IS NOT NULL
        ON CONFLICT (name) DO UPDATE SET value = excluded.value, changed_at = now()
            WHERE s.value::bigint < excluded.value::bigint
    ), keys AS (
        DELETE FROM idempotency_keys
        WHERE created_at < now() - greatest(p_key_days * interval '1 day', idempotency_key_lifetime())
        RETURNING 1
    ), deliveries AS (
        DELETE FROM webhook_deliveries
        WHERE processed_at < now() - greatest(p_webhook_days, 1) * interval '1 day'
           OR received_at < now() - greatest(p_webhook_days, 30) * interval '1 day'
        RETURNING 1
    ), minutes AS (
        DELETE FROM queue_minutes WHERE minute < now() - interval '48 hours' RETURNING 1
    ), old_sessions AS (
        DELETE FROM sessions WHERE last_used_at < now() - interval '30 days'
    ), old_jobs AS (
        DELETE FROM jobs WHERE id IN (
            SELECT j.id FROM jobs AS j
            WHERE p_keep_days > 0 AND j.completed_at < now() - p_keep_days * interval '1 day'
              AND NOT EXISTS (SELECT FROM submissions AS s WHERE s.job_id = j.id AND may_surface(s))
              AND NOT EXISTS (SELECT FROM erasures AS e WHERE e.id = j.id)
            ORDER BY j.completed_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
        RETURNING 1
    ), old_prompt_jobs AS (
        DELETE FROM prompt_generation_jobs WHERE id IN (
            SELECT p.id FROM prompt_generation_jobs AS p
            WHERE p_keep_days > 0 AND p.job_id IS NULL AND p.completed_at < now() - p_keep_days * interval '1 day'
              AND NOT EXISTS (SELECT FROM erasures AS e WHERE e.id = p.id)
            ORDER BY p.completed_at LIMIT 1000 FOR UPDATE SKIP LOCKED)
        RETURNING 1
    ), old_batches AS (
        DELETE FROM batches WHERE id IN (
            SELECT b.id FROM batches AS b
            WHERE (p_keep_days > 0 AND b.completed_at < now() - p_keep_days * interval '1 day'
                   AND NOT EXISTS (SELECT FROM jobs AS j WHERE j.batch_id = b.id))
               OR (b.state = 'planning' AND b.changed_at < now() - interval '1 day')
               OR (b.state = 'awaiting_approval' AND b.changed_at < now() - interval '30 days')
            ORDER BY b.completed_at NULLS FIRST LIMIT 1 FOR UPDATE SKIP LOCKED)
    )
    SELECT (SELECT count(*) FROM old_jobs), (SELECT count(*) FROM old_prompt_jobs), (SELECT count(*) FROM deliveries),
           (SELECT count(*) FROM keys), (SELECT count(*) FROM minutes);
$$;
