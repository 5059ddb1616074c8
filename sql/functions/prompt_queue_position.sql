-- prompt_queue_position(prompt_job_id) -> (place, of)
-- The place of a prompt job in Grok's queue, and how many wait, as nearly as Temporal's order can be told: by priority, then
-- turns between owners, then the time it joined the queue. Rows in back-off or without a workflow do not wait. Both
-- numbers stop at 1,000. No row when it does not wait.
CREATE OR REPLACE FUNCTION prompt_queue_position(p_job_id uuid)
    RETURNS TABLE (place bigint, of bigint)
    LANGUAGE sql
    STABLE
AS $$
    WITH RECURSIVE waiting AS NOT MATERIALIZED (
        SELECT id, owner, priority, enqueued_at FROM prompt_generation_jobs
        WHERE workflow_started_at IS NOT NULL
          AND (status = 'queued' OR (status = 'processing' AND next_attempt_at IS NOT NULL))
          AND coalesce(next_attempt_at, '-infinity') <= now()
    ), me AS (
        SELECT * FROM waiting WHERE id = p_job_id
    ), my_turn AS (
        SELECT count(*) + 1 AS turn
        FROM (SELECT FROM waiting AS w, me
              WHERE w.priority = me.priority AND w.owner = me.owner AND w.enqueued_at < me.enqueued_at LIMIT 1000) AS mine
    ), owners AS ( -- one index probe for each owner
        (SELECT w.owner FROM waiting AS w, me WHERE w.priority = me.priority ORDER BY w.owner LIMIT 1)
        UNION ALL
        SELECT (SELECT w.owner FROM waiting AS w, me
                WHERE w.priority = me.priority AND w.owner > o.owner ORDER BY w.owner LIMIT 1)
        FROM owners AS o WHERE o.owner IS NOT NULL
    ), ahead AS (
        (SELECT FROM waiting AS w, me WHERE w.priority > me.priority LIMIT 1000)
        UNION ALL
        (SELECT FROM owners AS o, me, my_turn,
             LATERAL (SELECT enqueued_at, row_number() OVER (ORDER BY enqueued_at) AS turn
                      FROM (SELECT enqueued_at FROM waiting AS w
                            WHERE w.priority = me.priority AND w.owner = o.owner
                            ORDER BY enqueued_at LIMIT my_turn.turn) AS first_ones) AS w
         WHERE (w.turn, w.enqueued_at) < (my_turn.turn, me.enqueued_at)
         LIMIT 1000)
    )
    SELECT least((SELECT count(*) FROM ahead) + 1, 1000),
           (SELECT count(*) FROM (SELECT FROM waiting LIMIT 1000) AS counted)
    FROM me;
$$;
