-- hold_pause(per_second) -> double precision
-- How many seconds a job that a budget holds should wait at least before it asks again: so many that all jobs that wait
-- would ask a quarter as often as paid POSTs may be made. Each question takes one of the queue's turns, and so the rest
-- is left to those that can submit, however slow the account is and however many are held.
CREATE OR REPLACE FUNCTION hold_pause(p_per_second double precision)
    RETURNS double precision
    LANGUAGE sql
    STABLE
AS $$
    SELECT count(*) / (p_per_second / 4) FROM (SELECT FROM waiting_jobs LIMIT 10000) AS waiting;
$$;
