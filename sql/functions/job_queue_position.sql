-- job_queue_position(job_id) -> (place, of)
-- The place of a job in WaveSpeed's queue, and how many are in it, told as by prompt_queue_position: by priority, then turns
-- between owners, then age, among the jobs that are `dispatching`. Both numbers stop at 1,000. No row when it does not wait.
CREATE OR REPLACE FUNCTION job_queue_position(p_job_id uuid)
    RETURNS TABLE (place bigint, of bigint)
    LANGUAGE sql
    STABLE
AS $$
    WITH RECURSIVE waiting AS NOT MATERIALIZED (
        SELECT id, owner, priority, created_at FROM jobs WHERE status = 'dispatching'
    ), me AS (
        SELECT * FROM waiting WHERE id = p_job_id
    ), my_turn AS (
        SELECT count(*) + 1 AS turn
        FROM (SELECT FROM waiting AS w, me
              WHERE w.priority = me.priority AND w.owner = me.owner AND w.created_at < me.created_at LIMIT 1000) AS mine
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
             LATERAL (SELECT created_at, row_number() OVER (ORDER BY created_at) AS turn
                      FROM (SELECT created_at FROM waiting AS w
                            WHERE w.priority = me.priority AND w.owner = o.owner
                            ORDER BY created_at LIMIT my_turn.turn) AS first_ones) AS w
         WHERE (w.turn, w.created_at) < (my_turn.turn, me.created_at)
         LIMIT 1000)
    )
    SELECT least((SELECT count(*) FROM ahead) + 1, 1000),
           (SELECT count(*) FROM (SELECT FROM waiting LIMIT 1000) AS counted)
    FROM me;
$$;
