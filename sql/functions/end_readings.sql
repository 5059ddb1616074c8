-- end_readings(job_ids, prediction_ids)
-- Removes readings whose workflow has been told; one that is by now about another prediction stays.
CREATE OR REPLACE FUNCTION end_readings(p_job_ids uuid[], p_prediction_ids text[])
    RETURNS void
    LANGUAGE sql
AS $$
    DELETE FROM readings AS r
    USING (SELECT o.job_id
           FROM readings AS o JOIN unnest(p_job_ids, p_prediction_ids) AS e (job_id, prediction_id)
               ON e.job_id = o.job_id AND e.prediction_id = o.prediction_id
           ORDER BY o.job_id FOR UPDATE OF o) AS told
    WHERE r.job_id = told.job_id;
$$;
