-- settle_stale_intents(after_seconds) -> count
-- Makes intended submissions of ended jobs `unknown` once their sender must be dead: the latest moment for their first
-- byte is that long ago. Nothing else would check them again.
CREATE OR REPLACE FUNCTION settle_stale_intents(p_after_seconds double precision)
    RETURNS bigint
    LANGUAGE sql
AS $$
    SELECT count(*) FILTER (WHERE settled.state = 'unknown')
    FROM (SELECT s.id, s.job_id FROM submissions AS s JOIN jobs AS j ON j.id = s.job_id
          WHERE s.state = 'intended' AND j.completed_at IS NOT NULL
            AND s.post_before < clock_timestamp() - p_after_seconds * interval '1 second'
          ORDER BY s.job_id LIMIT 100) AS stale
    CROSS JOIN LATERAL settle_submission(
        stale.id, stale.job_id, 'unknown', p_error => 'It was about to be sent when the job ended; nobody reported.'
    ) AS settled;
$$;
