-- job_billed(job_id, prediction_id) -> (billed)
-- Whether WaveSpeed charged for a job with this prediction: `yes` if something that is paid has not been refunded in
-- full, `unknown` if a submission may have been accepted, `refunded` if all was charged and refunded, else `no`. A job
-- whose prediction is known, though an older backup lost its submission, was charged too. The planner inlines it.
CREATE OR REPLACE FUNCTION job_billed(p_job_id uuid, p_prediction_id text)
    RETURNS TABLE (billed text)
    LANGUAGE sql
    STABLE
AS $$
    SELECT CASE WHEN coalesce(bool_or(paid.charged AND NOT paid.refunded), false)
                     OR p_prediction_id IS NOT NULL AND NOT coalesce(bool_or(s.prediction_id = p_prediction_id), false)
                    THEN 'yes'
                WHEN bool_or(NOT paid.charged AND s.state IN ('intended', 'unknown', 'superseded')) THEN 'unknown'
                WHEN bool_or(paid.refunded) THEN 'refunded'
                ELSE 'no' END
    FROM submissions AS s
    CROSS JOIN LATERAL (
        SELECT s.state = 'accepted' OR s.prediction_id IS NOT NULL AS charged,
               coalesce(s.charged_usd > 0 AND s.refunded_usd >= s.charged_usd, false) AS refunded
    ) AS paid
    WHERE s.job_id = p_job_id;
$$;
