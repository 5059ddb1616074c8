-- take_bills(limit, days) -> (prediction_id, ended)
-- Claims bills that are due, those due longest first, and plans when each is due again: until then nobody else gets it.
-- WaveSpeed is to be asked for those whose job has ended. Forgotten, and not returned as ended: those of predictions that
-- belong to no submission (any more), and those that have been asked for during this many days.
CREATE OR REPLACE FUNCTION take_bills(p_limit integer, p_days double precision)
    RETURNS TABLE (prediction_id text, ended boolean)
    LANGUAGE plpgsql
AS $$
#variable_conflict use_column
DECLARE
    v_now timestamptz := clock_timestamp();
    v_due text[];
BEGIN
    v_due := ARRAY(
        SELECT b.prediction_id FROM bills AS b
        WHERE b.due_at <= v_now ORDER BY b.due_at LIMIT p_limit FOR UPDATE SKIP LOCKED);
    RETURN QUERY
    WITH seen AS (
        SELECT b.prediction_id, j.completed_at IS NOT NULL AS ended,
               s.id IS NULL OR b.since <= v_now - p_days * interval '1 day' AS over
        FROM bills AS b
        LEFT JOIN submissions AS s ON s.prediction_id = b.prediction_id AND s.state IN ('accepted', 'superseded')
        LEFT JOIN jobs AS j ON j.id = s.job_id
        WHERE b.prediction_id = ANY (v_due)
    ), forgotten AS (
        DELETE FROM bills AS b USING seen AS d WHERE b.prediction_id = d.prediction_id AND d.over
        RETURNING b.prediction_id
    ), planned AS (
        UPDATE bills AS b
        SET due_at = v_now + bill_pause(CASE WHEN d.ended THEN b.looks + 1 ELSE 1 END),
            looks = b.looks + d.ended::integer
        FROM seen AS d WHERE b.prediction_id = d.prediction_id AND NOT d.over
        RETURNING b.prediction_id, d.ended
    )
    SELECT p.prediction_id, p.ended FROM planned AS p UNION ALL SELECT f.prediction_id, false FROM forgotten AS f;
END;
$$;
