-- prompt_queue_position(prompt_job_id) -> (place, of)
-- The position of a prompt job in Grok's queue, and the length of that queue, as closely as Temporal's order can be
-- estimated: by priority, then in turns between owners, then by the time it joined the queue. Rows in back-off or
-- without a workflow are not waiting. Both numbers stop at 1,000, so that a long queue costs no more to read. Returns
-- no row if the prompt job is not waiting.
CREATE OR REPLACE FUNCTION prompt_queue_position(p_job_id uuid)
    RETURNS TABLE (place bigint, of bigint)
    LANGUAGE plpgsql
    STABLE
AS $$
DECLARE
    v_me record;
    v_turn bigint; -- rows of the same owner and priority before it, plus itself
    v_ahead bigint;
BEGIN
    SELECT priority, owner, enqueued_at INTO v_me FROM waiting_prompt_jobs WHERE id = p_job_id;
    IF NOT FOUND THEN
        RETURN;
    END IF;
    SELECT count(*) + 1 INTO v_turn
    FROM (SELECT FROM waiting_prompt_jobs
          WHERE priority = v_me.priority AND owner = v_me.owner AND enqueued_at < v_me.enqueued_at LIMIT 1000) AS mine;
    SELECT count(*) INTO v_ahead
    FROM (SELECT FROM waiting_prompt_jobs WHERE priority > v_me.priority LIMIT 1000) AS higher;
    IF v_ahead + v_turn <= 1000 THEN -- otherwise it is beyond the maximum already
        WITH RECURSIVE owners AS ( -- one index probe per owner
            (SELECT owner FROM waiting_prompt_jobs WHERE priority = v_me.priority ORDER BY owner LIMIT 1)
            UNION ALL
            SELECT (SELECT w.owner FROM waiting_prompt_jobs AS w
                    WHERE w.priority = v_me.priority AND w.owner > o.owner ORDER BY w.owner LIMIT 1)
            FROM owners AS o WHERE o.owner IS NOT NULL
        )
        SELECT v_ahead + count(*) INTO v_ahead
        FROM (SELECT FROM owners AS o CROSS JOIN LATERAL (
                  SELECT f.enqueued_at, row_number() OVER (ORDER BY f.enqueued_at) AS turn
                  FROM (SELECT w.enqueued_at FROM waiting_prompt_jobs AS w
                        WHERE w.priority = v_me.priority AND w.owner = o.owner
                        ORDER BY w.enqueued_at LIMIT v_turn) AS f) AS theirs
              WHERE (theirs.turn, theirs.enqueued_at) < (v_turn, v_me.enqueued_at)
              LIMIT 1000) AS same;
    ELSE
        v_ahead := 1000;
    END IF;
    RETURN QUERY SELECT least(v_ahead + 1, 1000), count(*)
                 FROM (SELECT FROM waiting_prompt_jobs LIMIT 1000) AS counted;
END;
$$;
