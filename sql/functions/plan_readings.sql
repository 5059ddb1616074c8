-- plan_readings(job_ids, seen, seconds)
-- Says of many readings in how many seconds each is due next. `seen` is what the caller read as due_at (null: not
-- planned yet; the end of its claim): a reading that was prompted, claimed or planned since then is left as it is.
CREATE OR REPLACE FUNCTION plan_readings(p_job_ids uuid[], p_seen timestamptz[], p_seconds double precision[])
    RETURNS void
    LANGUAGE sql
AS $$
    UPDATE readings AS r
    SET due_at = clock_timestamp() + locked.seconds * interval '1 second'
    FROM (SELECT o.job_id, p.seconds
          FROM readings AS o JOIN unnest(p_job_ids, p_seen, p_seconds) AS p (job_id, seen, seconds)
              ON p.job_id = o.job_id AND o.due_at IS NOT DISTINCT FROM p.seen
          FOR UPDATE OF o SKIP LOCKED) AS locked -- two plans of the same rows must not wait for each other
    WHERE r.job_id = locked.job_id;
$$;
