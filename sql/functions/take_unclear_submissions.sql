-- take_unclear_submissions(limit) -> submissions
-- Returns submissions that nothing else looks for in WaveSpeed's history, least recently checked first, and records
-- that they are being checked: the unknown ones of ended jobs, and those that a person has given up whose prediction is
-- not known. A candidate is no end of that: it may be another's, and the history may show ours later. They are due again
-- after look_pause(), for as long as WaveSpeed keeps its history.
CREATE OR REPLACE FUNCTION take_unclear_submissions(p_limit integer)
    RETURNS SETOF submissions
    LANGUAGE sql
AS $$
    UPDATE submissions AS s SET looked_at = clock_timestamp(), looks = s.looks + 1
    FROM (SELECT u.id FROM submissions AS u JOIN jobs AS j ON j.id = u.job_id
          WHERE ((u.state = 'unknown' AND j.completed_at IS NOT NULL)
                 OR (u.state = 'superseded' AND u.prediction_id IS NULL))
            AND u.post_before > now() - wavespeed_retention()
            AND (u.looked_at IS NULL
                 OR u.looked_at + look_pause(u.looks) <= clock_timestamp())
          ORDER BY u.looked_at NULLS FIRST, u.number LIMIT p_limit FOR UPDATE OF u SKIP LOCKED) AS due
    WHERE s.id = due.id
    RETURNING s.*;
$$;
