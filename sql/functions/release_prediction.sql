-- release_prediction(prediction_id, submission_id, job_id) -> boolean
-- Releases a prediction for the submission that it belongs to according to a fact. A submission that has it only by
-- inference (history, person) goes back to `unknown`, and its job, if it is `generating`, to `submit_unknown`. Returns
-- false, and changes nothing, if another submission also has it by a fact. The placeholder of a restored job is
-- replaced by the submission itself. The caller has called lock_prediction. One release at a time: only here do two
-- jobs' submissions change in one transaction, whose accounts (count_spending) two could lock in opposite orders.
CREATE OR REPLACE FUNCTION release_prediction(p_prediction_id text, p_submission_id uuid, p_job_id uuid)
    RETURNS boolean
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
BEGIN
    SELECT * INTO v_submission FROM submissions WHERE prediction_id = p_prediction_id AND id <> p_submission_id;
    IF NOT FOUND THEN
        RETURN true;
    ELSIF v_submission.job_id = p_job_id AND v_submission.request_hash = ''
        AND NOT EXISTS (SELECT FROM submissions WHERE id = p_submission_id) THEN
        UPDATE submissions SET id = p_submission_id WHERE id = v_submission.id;
        RETURN true;
    ELSIF coalesce(v_submission.resolved_by, 'answer') NOT IN ('history', 'person') THEN
        RETURN false;
    END IF;
    PERFORM pg_advisory_xact_lock(hashtextextended('release_prediction', 0));
    PERFORM FROM prompt_generation_jobs WHERE job_id = v_submission.job_id FOR UPDATE; -- locks before the first change
    UPDATE submissions
    SET state = 'unknown', prediction_id = NULL, reason_code = 'submit_unclear',
        error = format('Prediction %s turned out to be another submission''s.', p_prediction_id),
        outcome_at = clock_timestamp(), resolved_at = NULL, resolved_by = NULL, absent_since = NULL, looked_at = NULL,
        looks = 0
    WHERE id = v_submission.id
    RETURNING * INTO v_submission;
    UPDATE jobs -- what was billed for the prediction is not this job's cost
    SET prediction_id = NULL, dispatched_at = NULL, updated_at = now(),
        media_cost_usd = CASE WHEN media_cost_source = 'quoted' THEN media_cost_usd END,
        media_cost_source = nullif(media_cost_source, 'billed')
    WHERE id = v_submission.job_id
    RETURNING * INTO v_job;
    PERFORM follow_submission(v_job, v_submission, false);
    RETURN true;
END;
$$;
