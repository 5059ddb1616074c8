-- decide_submission(job_id, owner, decision, prediction_id, key, request_hash) -> (job, replayed)
-- Applies a person's decision about a job in submit_unknown: `adopt` a prediction, `resubmit` (the submission is given
-- up and its workflow may make another), or `abandon` (it is given up, and the job fails). A submission that is given
-- up becomes `superseded`; its prediction may still become known. `adopt` and `resubmit` start a new deadline of the
-- original length. Repeated with the same key and hash, it changes nothing and returns the job as it is now.
-- Raises PM404 if the owner has no such job, PM409 (not_unclear, prediction_owned, or without a hint if the key was
-- used with a different request), PM422 for an unknown decision or `adopt` without a prediction; lock_not_available if
-- the key is held for more than 2 s.
CREATE OR REPLACE FUNCTION decide_submission(
    p_job_id uuid, p_owner text, p_decision text, p_prediction_id text DEFAULT NULL, p_key text DEFAULT NULL,
    p_request_hash text DEFAULT NULL
)
    RETURNS TABLE (job jobs, replayed boolean)
    LANGUAGE plpgsql
    SET lock_timeout = '2s'
AS $$
DECLARE
    v_job jobs;
    v_submission submissions;
BEGIN
    IF p_decision IS NULL OR p_decision NOT IN ('adopt', 'resubmit', 'abandon')
        OR (p_decision = 'adopt' AND p_prediction_id IS NULL) THEN
        RAISE EXCEPTION 'no decision: %, prediction %', p_decision, p_prediction_id USING ERRCODE = 'PM422';
    ELSIF NOT EXISTS (SELECT FROM jobs WHERE id = p_job_id AND owner = p_owner) THEN
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    IF p_key IS NOT NULL THEN
        PERFORM claim_idempotency_key(p_owner, p_key, p_request_hash, p_job_id => p_job_id);
        IF FOUND THEN
            RETURN QUERY SELECT j, true FROM jobs AS j WHERE j.id = p_job_id;
            RETURN;
        END IF;
    END IF;
    IF p_decision = 'adopt' THEN
        PERFORM lock_prediction(p_prediction_id, p_job_id);
    END IF;
    SELECT * INTO v_job FROM jobs WHERE id = p_job_id FOR UPDATE;
    IF NOT FOUND THEN -- deleted while it was waited for
        RAISE EXCEPTION 'no job %', p_job_id USING ERRCODE = 'PM404';
    END IF;
    PERFORM FROM prompt_generation_jobs WHERE job_id = p_job_id FOR UPDATE; -- locks before the first change
    SELECT * INTO v_submission FROM submissions WHERE job_id = p_job_id AND state = 'unknown' FOR UPDATE;
    IF v_job.status <> 'submit_unknown' OR (p_decision = 'adopt' AND v_submission.id IS NULL) THEN
        RAISE EXCEPTION 'Nothing is to be decided: no submission of this job is unclear (it is %).', v_job.status
            USING ERRCODE = 'PM409', HINT = 'not_unclear';
    END IF;
    IF p_decision <> 'abandon' THEN
        UPDATE jobs SET deadline_at = clock_timestamp() + deadline_seconds * interval '1 second', updated_at = now()
        WHERE id = p_job_id
        RETURNING * INTO v_job;
    END IF;
    IF p_decision = 'adopt' THEN
        v_job := adopt_prediction(v_submission.id, p_prediction_id, 'person');
    ELSE
        UPDATE submissions
        SET state = 'superseded', resolved_at = clock_timestamp(), resolved_by = 'person'
        WHERE id = v_submission.id
        RETURNING * INTO v_submission;
        IF p_decision = 'abandon' THEN
            v_job := move_job(v_job, 'failed', 'submission_abandoned', NULL, jsonb_strip_nulls(jsonb_build_object(
                'decision', p_decision, 'submission', v_submission.number, 'submissionState', v_submission.state)));
        ELSE
            PERFORM append_job_event(v_job, NULL, jsonb_strip_nulls(jsonb_build_object(
                'decision', p_decision, 'submission', v_submission.number, 'submissionState', v_submission.state)));
        END IF;
    END IF;
    RETURN QUERY SELECT v_job, false;
END;
$$;
