-- get_prompt_queue_stats_v2(owner) -> one row
-- The state of the prompt queue, for one owner or (null) for all: totals, and rates and averages over the last hour (per minute since the first activity
-- in that hour). Averages and rates are null if there is nothing to divide by. Reads counters and minutes; counts no
-- rows.
CREATE OR REPLACE FUNCTION get_prompt_queue_stats_v2(p_owner text)
    RETURNS TABLE (
        total_queued bigint,
        total_processing bigint,
        total_completed bigint,
        total_failed bigint,
        total_cancelled bigint,
        avg_wait_time_seconds double precision,
        avg_processing_seconds double precision,
        oldest_queued_seconds double precision,
        processed_per_minute double precision,
        error_rate double precision,
        retry_rate double precision,
        retry_success_rate double precision
    )
    LANGUAGE sql
    STABLE
AS $$
    SELECT c.queued, c.processing, c.completed, c.failed, c.cancelled,
           m.wait_seconds / nullif(m.started, 0),
           m.processing_seconds / nullif(m.finished, 0),
           (SELECT greatest(extract(epoch FROM now() - enqueued_at), 0)::double precision
            FROM prompt_generation_jobs
            WHERE status = 'queued' AND (p_owner IS NULL OR owner = p_owner) ORDER BY enqueued_at LIMIT 1),
           (m.finished + m.failed)
               / greatest(coalesce(extract(epoch FROM now() - m.first)::double precision / 60, 1), 1),
           m.failed / nullif(m.finished + m.failed, 0),
           m.retried / nullif(m.finished + m.failed, 0),
           m.retried_finished / nullif(m.retried, 0)
    FROM (
        SELECT coalesce(sum(n) FILTER (WHERE status = 'queued'), 0)::bigint AS queued,
               coalesce(sum(n) FILTER (WHERE status = 'processing'), 0)::bigint AS processing,
               coalesce(sum(n) FILTER (WHERE status = 'completed'), 0)::bigint AS completed,
               coalesce(sum(n) FILTER (WHERE status = 'failed'), 0)::bigint AS failed,
               coalesce(sum(n) FILTER (WHERE status = 'cancelled'), 0)::bigint AS cancelled
        FROM status_counters
        WHERE table_name = 'prompt_generation_jobs' AND (p_owner IS NULL OR owner = p_owner)
    ) AS c, (
        SELECT coalesce(sum(started), 0)::double precision AS started,
               coalesce(sum(wait_seconds), 0) AS wait_seconds,
               coalesce(sum(finished), 0)::double precision AS finished,
               coalesce(sum(failed), 0)::double precision AS failed,
               coalesce(sum(processing_seconds), 0) AS processing_seconds,
               coalesce(sum(retried), 0)::double precision AS retried,
               coalesce(sum(retried_finished), 0)::double precision AS retried_finished,
               min(minute) AS first
        FROM queue_minutes
        WHERE minute > now() - interval '1 hour' AND (p_owner IS NULL OR owner = p_owner)
    ) AS m;
$$;
