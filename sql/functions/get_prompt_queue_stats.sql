-- get_prompt_queue_stats() -> one row
-- The previous form of get_prompt_queue_stats_v2, for the processes of the previous release: of all owners.
CREATE OR REPLACE FUNCTION get_prompt_queue_stats()
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
    SELECT * FROM get_prompt_queue_stats_v2(NULL);
$$;
