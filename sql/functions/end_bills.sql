-- end_bills(prediction_ids)
-- Forgets the bills, of those just asked for, that are settled: charged, and unchanged for an hour, and either there is
-- media, for which nothing is refunded any more, or all is refunded. What brought no media is asked for again and again
-- (take_bills): it may be refunded late.
CREATE OR REPLACE FUNCTION end_bills(p_prediction_ids text[])
    RETURNS void
    LANGUAGE sql
AS $$
    DELETE FROM bills AS b
    USING (SELECT o.prediction_id
           FROM bills AS o
           JOIN submissions AS s ON s.prediction_id = o.prediction_id
           JOIN jobs AS j ON j.id = s.job_id
           WHERE o.prediction_id = ANY (p_prediction_ids) AND s.charged_usd IS NOT NULL
             AND o.changed_at <= clock_timestamp() - interval '1 hour'
             AND (s.refunded_usd >= s.charged_usd OR (j.prediction_id = o.prediction_id AND j.outputs <> '[]'))
           ORDER BY o.prediction_id FOR UPDATE OF o) AS settled
    WHERE b.prediction_id = settled.prediction_id;
$$;
