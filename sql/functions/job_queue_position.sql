-- job_queue_position(job_id) -> (place, of)
-- The position of a job in WaveSpeed's queue, and the length of that queue, estimated as in prompt_queue_position: by
-- priority, then in turns between owners, then by age, among the jobs that are `dispatching`. Both numbers stop at
-- 1,000. Returns no row if the job is not waiting.
CREATE OR REPLACE FUNCTION job_queue_position(p_job_id uuid)
    RETURNS TABLE (place bigint, of bigint)
    LANGUAGE plpgsql
    STABLE
AS $$
DECLARE
    v_me record;
    v_turn bigint; -- rows of the same owner and priority before it, plus itself
    v_ahead bigint;
BEGIN
    SELECT priority, owner, created_at INTO v_me FROM waiting_jobs WHERE id = p_job_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*) + 1 INTO v_turn
    FROM (SELECT FROM waiting_jobs
          WHERE priority = v_me.priority AND owner = v_me.owner AND created_at < v_me.created_at LIMIT 1000) AS mine;
    SELECT count(*) INTO v_ahead
    FROM (SELECT FROM waiting_jobs WHERE priority > v_me.priority LIMIT 1000) AS higher;
    IF v_ahead + v_turn <= 1000 THEN -- otherwise it is beyond the maximum already
        WITH RECURSIVE owners AS ( -- one index probe per owner
            (SELECT owner FROM waiting_jobs WHERE priority = v_me.priority ORDER BY owner LIMIT 1)
            UNION ALL
            SELECT (SELECT w.owner FROM waiting_jobs AS w
                    WHERE w.priority = v_me.priority AND w.owner > o.owner ORDER BY w.owner LIMIT 1)
            FROM owners AS o WHERE o.owner IS NOT NULL
        )
        SELECT v_ahead + count(*) INTO v_ahead
        FROM (SELECT FROM owners AS o CROSS JOIN LATERAL (
                  SELECT f.created_at, row_number() OVER (ORDER BY f.created_at) AS turn
                  FROM (SELECT w.created_at FROM waiting_jobs AS w
                        WHERE w.priority = v_me.priority AND w.owner = o.owner
                        ORDER BY w.created_at LIMIT v_turn) AS f) AS theirs
              WHERE (theirs.turn, theirs.created_at) < (v_turn, v_me.created_at)
              LIMIT 1000) AS same;
    ELSE
        v_ahead := 1000;
    END IF;
    RETURN QUERY SELECT least(v_ahead + 1, 1000), count(*)
                 FROM (SELECT FROM waiting_jobs LIMIT 1000) AS counted;
END;
$$;
