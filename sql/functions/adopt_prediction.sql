-- adopt_prediction(submission_id, prediction_id, by) -> job
-- Assigns a prediction to an unclear submission and moves its job. Facts (`answer`, `webhook`) go through
-- settle_submission. An inference (`history`, `person`) is accepted only while the submission is `unknown`, and never
-- for a prediction that belongs to another submission. `history` is also rejected if another submission with the same
-- request may have created the prediction, or if the submission was lost by an older backup and so has no request to
-- compare.
-- Raises PM404 if there is no such submission, PM409 (prediction_owned), PM422 for any other value of `by`.
CREATE OR REPLACE FUNCTION adopt_prediction(p_submission_id uuid, p_prediction_id text, p_by text)
    RETURNS jobs
    LANGUAGE plpgsql
AS $$
DECLARE
    v_job jobs;
    v_job_id uuid;
    v_submission submissions;
BEGIN
    SELECT job_id INTO v_job_id FROM submissions WHERE id = p_submission_id;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no submission %', p_submission_id USING ERRCODE = 'PM404';
    ELSIF p_by IS NULL OR p_by NOT IN ('answer', 'webhook', 'history', 'person') THEN
        RAISE EXCEPTION 'nothing is adopted by %', p_by USING ERRCODE = 'PM422';
    ELSIF p_by IN ('answer', 'webhook') THEN
        PERFORM settle_submission(p_submission_id, v_job_id, 'accepted', p_prediction_id, p_resolved_by => p_by);
        SELECT * INTO v_job FROM jobs WHERE id = v_job_id;
        RETURN v_job;
    END IF;
    PERFORM lock_prediction(p_prediction_id, v_job_id);
    SELECT * INTO v_job FROM jobs WHERE id = v_job_id;
    PERFORM FROM prompt_generation_jobs WHERE job_id = v_job_id FOR UPDATE; -- locks before the first change
    SELECT * INTO v_submission FROM submissions WHERE id = p_submission_id FOR UPDATE;
    IF v_submission.state <> 'unknown' OR (p_by = 'history' AND (v_submission.request_hash = '' OR EXISTS (
        SELECT FROM submissions AS s
        WHERE s.request_hash = v_submission.request_hash AND s.id <> p_submission_id AND (
            s.state IN ('intended', 'unknown')
            -- given up at the same time, and what it created is unknown
            OR (s.state = 'superseded' AND s.prediction_id IS NULL
                AND s.post_before > v_submission.intended_at - ambiguity_window()))))) THEN
        RETURN v_job;
    ELSIF EXISTS (SELECT FROM submissions AS s WHERE s.prediction_id = p_prediction_id) THEN
        RAISE EXCEPTION 'Prediction % belongs to another submission.', p_prediction_id
            USING ERRCODE = 'PM409', HINT = 'prediction_owned';
    END IF;
    UPDATE submissions
    SET state = 'accepted', prediction_id = p_prediction_id, reason_code = NULL, error = NULL,
        outcome_at = clock_timestamp(), resolved_at = clock_timestamp(), resolved_by = p_by, looked_at = NULL, looks = 0
    WHERE id = p_submission_id
    RETURNING * INTO v_submission;
    RETURN follow_submission(v_job, v_submission, false);
END;
$$;
