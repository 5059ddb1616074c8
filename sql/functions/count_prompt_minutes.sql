-- count_prompt_minutes() -> trigger
-- Adds an update of prompt jobs to the current minute of `queue_minutes`, by owner: first starts with their waiting
-- times, and ends with their durations. Cancelled prompt jobs are not counted: they say nothing about Grok.
CREATE OR REPLACE FUNCTION count_prompt_minutes()
    RETURNS trigger
    LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO queue_minutes AS m (minute, owner, slot, started, wait_seconds, finished, failed, processing_seconds,
                                    retried, retried_finished)
    SELECT date_trunc('minute', clock_timestamp()),
           owner,
           counter_slot(),
           count(*) FILTER (WHERE first_start),
           coalesce(sum(wait) FILTER (WHERE first_start), 0),
           count(*) FILTER (WHERE ended = 'completed'),
           count(*) FILTER (WHERE ended = 'failed'),
           coalesce(sum(duration) FILTER (WHERE ended = 'completed'), 0),
           count(*) FILTER (WHERE ended IS NOT NULL AND attempt_no > 1),
           count(*) FILTER (WHERE ended = 'completed' AND attempt_no > 1)
    FROM (
        SELECT n.owner,
               o.started_at IS NULL AND n.started_at IS NOT NULL AS first_start,
               extract(epoch FROM n.started_at - o.enqueued_at) AS wait,
               CASE WHEN o.status <> n.status AND n.status IN ('completed', 'failed') THEN n.status END AS ended,
               extract(epoch FROM n.completed_at - n.started_at) AS duration,
               n.attempt_no
        FROM old_rows AS o JOIN new_rows AS n USING (id)
    ) AS changes
    WHERE first_start OR ended IS NOT NULL
    GROUP BY owner
    ON CONFLICT (minute, owner, slot) DO UPDATE SET
        started = m.started + excluded.started,
        wait_seconds = m.wait_seconds + excluded.wait_seconds,
        finished = m.finished + excluded.finished,
        failed = m.failed + excluded.failed,
        processing_seconds = m.processing_seconds + excluded.processing_seconds,
        retried = m.retried + excluded.retried,
        retried_finished = m.retried_finished + excluded.retried_finished;
    RETURN NULL;
END;
$$;
